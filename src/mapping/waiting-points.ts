/** Trace points that wait until something is decided about their trace. */
import { pointKey, type TraceEvent, type TracePoint } from '../trace-point.js';

export class WaitingPoints<Token> {
  private readonly points = new Map<string, TracePoint<Token>>();

  get size(): number {
    return this.points.size;
  }

  /** Tokens of all these points. */
  get tokens(): number {
    return countTokens(this.points.values());
  }

  add(point: TracePoint<Token>): void {
    this.points.set(pointKey(point), point);
  }

  delete(point: TracePoint<Token>): void {
    this.points.delete(pointKey(point));
  }

  /**
   * An event of a waiting point is redelivered: its new token takes the old one's place. An event that the point was
   * given up on comes too late.
   * @returns the token to let go of; undefined when no such point waits.
   */
  takeAgain(event: TraceEvent, token: Token): { readonly released: Token } | undefined {
    const point = this.points.get(pointKey(event));
    if (point === undefined) return undefined;
    if (point[event.phase] === undefined) return { released: token };
    const index = event.phase === 'start' ? 0 : point.tokens.length - 1;
    const [released] = point.tokens.splice(index, 1, token);
    return { released: released as Token };
  }

  /** Forgets the points all of whose tokens are void: they will be redelivered. @returns those points. */
  forget(isVoid: (token: Token) => boolean): ReadonlySet<TracePoint<Token>> {
    const gone = new Set<TracePoint<Token>>();
    for (const point of this.points.values()) if (point.tokens.every(isVoid)) gone.add(point);
    for (const point of gone) this.delete(point);
    return gone;
  }
}

/** How many tokens points have. */
export function countTokens<Token>(points: Iterable<TracePoint<Token>>): number {
  let tokens = 0;
  for (const point of points) tokens += point.tokens.length;
  return tokens;
}
