import { shorten } from '../../echo.ts';
import { UserError } from '../../errors.ts';
import type { StoredTensor } from './tensor.ts';

/** What wrappers of the whole model put before the names: DataParallel, torch.compile, FSDP, and training loops. */
const PREFIX = /^((?:(?:module|_orig_mod|_fsdp_wrapped_module|model)\.)+)(?:encoder|decoder)\./;
/** What torch.compile, FSDP and activation checkpointing put into the names of the layers that they wrap. */
const WRAPPER = /(?<=\.)(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\./g;

/** How the names of OFA's tensors begin. */
const OFA = /^(?:encoder|decoder)\./;

/** Tensors by the names that OFA gives them. */
interface UnwrappedTensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** What the names began with. */
  readonly prefix: string;
  /** The different wrappers inside the names. */
  readonly wrappers: readonly string[];
}

/**
 * Strips the prefix that the names of OFA's tensors have in common, if they have one, and wrappers inside of them.
 * Names without either are kept.
 *
 * @throws UserError `checkpoint-unsupported` if two different tensors of the model would have one name
 */
export function unwrapNames(stored: ReadonlyMap<string, StoredTensor>): UnwrappedTensors {
  const names = [...stored.keys()];
  const isBare = names.some((name) => OFA.test(name));
  const prefix = isBare ? '' : (names.map((name) => PREFIX.exec(name)?.[1]).find((found) => found !== undefined) ?? '');
  const wrappers = new Set<string>();
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of stored) {
    const bare = name.startsWith(prefix) ? name.slice(prefix.length) : name;
    const short = bare.replace(WRAPPER, (wrapper) => {
      wrappers.add(wrapper);
      return '';
    });
    const other = tensors.get(short);
    if (other !== undefined && OFA.test(short) && other.info.storage !== tensor.info.storage) {
      throw new UserError(
        'checkpoint-unsupported',
        `The checkpoint has two different tensors whose names are ${shorten(short)} without wrappers such as ` +
          `${[...wrappers].join(' and ')}: save the state dict of one model.`,
      );
    }
    tensors.set(short, short === name ? tensor : { ...tensor, info: { ...tensor.info, name: short } });
  }
  return { tensors, prefix, wrappers: [...wrappers] };
}
