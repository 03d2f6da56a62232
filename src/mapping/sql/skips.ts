/** Where runs of characters in SQL text end: each gives the place of the first character behind the run. */
import { Char, CharClass, classOf, codeAt, FOLD, isWordCharacter } from './characters.js';

export function skipDigits(text: string, from: number): number {
  let at = from;
  while (classOf(codeAt(text, at)) === CharClass.DIGIT) at++;
  return at;
}

/** The signed exponent of a number whose letters end at `at`. */
export function skipExponent(text: string, at: number): number {
  const sign = codeAt(text, at);
  const isExponent =
    (codeAt(text, at - 1) | FOLD) === Char.SMALL_E && (sign === Char.MINUS || sign === Char.PLUS);
  return isExponent ? skipDigits(text, at + 1) : at;
}

export function skipWord(text: string, from: number): number {
  const length = text.length;
  let at = from;
  while (at < length && isWordCharacter(text.charCodeAt(at))) at++;
  return at;
}

/** Just behind the parenthesis that closes `%(name)`; elsewhere where the name cannot go on. */
export function skipParameterName(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = codeAt(text, at);
    if (code === Char.CLOSE) return at + 1;
    if (code === Char.OPEN || code === Char.PERCENT || code === Char.QUOTE || code === Char.LF) return at;
  }
  return text.length;
}
