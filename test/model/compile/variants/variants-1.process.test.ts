import { compareVariants } from './compare-variants.ts';

compareVariants(1);
