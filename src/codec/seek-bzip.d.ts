/** The part of seek-bzip 2 that is used here; the package ships no types. */
declare module 'seek-bzip' {
  interface ByteSource {
    /** Fills the target from an offset on. @returns how many bytes there were. */
    read(target: Buffer, from: number, count: number): number;
    readByte(): number;
    seek(position: number): void;
    eof(): boolean;
  }
  const Bunzip: {
    /** Decodes one bzip2 stream. Throws on what is none. */
    decode(input: ByteSource, output: { writeByte(byte: number): void }): unknown;
  };
  export default Bunzip;
}
