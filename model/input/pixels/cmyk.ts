/** An ink under black: Pillow's `cmyk2rgb`, with the division rounded as in its `MULDIV255`. */
export function underBlack(ink: number, black: number): number {
  const notBlack = 255 - black;
  const product = ink * notBlack + 128;
  return notBlack - ((product + (product >> 8)) >> 8);
}
