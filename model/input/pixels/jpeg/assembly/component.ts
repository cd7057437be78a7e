/** Bytes of a component's description, 32-bit words: h, v, steps, DC table, AC table, plane, stride. */
export const COMPONENT: usize = 28;
