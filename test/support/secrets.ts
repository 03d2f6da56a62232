/**
 * Secrets in recordings, found by means that know nothing of the mapping: regular expressions over the raw text of
 * recordings, and what was typed on the command lines that made them.
 */

/** Typed on a command line, or written in a program, when the recordings were made. */
const TYPED = ['S3cr3t-P@ssw0rd', 'wrong-password-XYZ', 'hunter2-shown'];

/** Each with the secret as its group. Bodies stand escaped in a record, hence the optional backslashes. */
const PATTERNS: readonly RegExp[] = [
  /\badmin_pass(?:word)?\\*['"]: \\*['"]([^'"\\]{4,})/g,
  /\badminPass\\*['"]: \\*['"]([^'"\\]{4,})/g,
  /(\$2[aby]\$\d\d\$[./A-Za-z0-9]{53})/g,
  /(\$(?:pbkdf2-sha512|scrypt|argon2id?|6|5)\$[^\s'"\\]{20,})/g,
  /(\bgAAAA[A-Za-z0-9_-]{60,}={0,2})/g,
  /\bpassword\\*['"]: \\*['"]([^'"\\]{4,})/g,
  /\bpassword_hash\\*['"]: \\*['"]([^'"\\]{4,})/g,
  /\b(?:auth_)?token\\*['"]: \\*['"]([^'"\\]{4,})/g,
  /\b(?:encrypted_blob|key_hash|user_data|private_key)\\*['"]: \\*['"]([^'"\\]{4,})/g,
  /\/\/[\w.-]+:([^@\s'"\\/]{4,})@/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\\+n)?([A-Za-z0-9+/]{20,})/g,
];

/** @param raw the text of recordings. @returns every secret in it, once. */
export function secretsIn(raw: string): string[] {
  const found = new Set(TYPED.filter((secret) => raw.includes(secret)));
  for (const pattern of PATTERNS) {
    for (const [, secret] of raw.matchAll(pattern)) if (secret !== undefined) found.add(secret);
  }
  return [...found];
}
