/**
 * A decoder for the scan of a baseline JPEG, in AssemblyScript (TypeScript syntax with machine types, see
 * assemblyscript.org). `npm run build:wasm` compiles this file to ../decoder-wasm.ts, which is committed, so the
 * compiler is needed only after a change here.
 *
 * The arithmetic is that of libjpeg-turbo with its defaults, bit for bit: the accurate integer IDCT, "fancy" upsampling
 * and conversion from YCbCr. The host reads the header, allocates the memory and fills the tables (../decode.ts).
 * Whatever is unusual in the data ends the scan: the host then leaves the file to the general decoder.
 */
export { convert } from './convert';
export { decodeScan } from './scan';
