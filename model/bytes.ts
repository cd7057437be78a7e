/** Bytes of a mebibyte, the unit of every setting in MB. */
export const MIB = 2 ** 20;
