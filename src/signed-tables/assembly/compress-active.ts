import { compress } from './sha256';

/** `compress` for the lanes of which `active` has all bits; the others keep their states. */
export function compressActive(state: usize, active: v128): void {
  const a = v128.load(state, 0);
  const b = v128.load(state, 16);
  const c = v128.load(state, 32);
  const d = v128.load(state, 48);
  const e = v128.load(state, 64);
  const f = v128.load(state, 80);
  const g = v128.load(state, 96);
  const h = v128.load(state, 112);
  compress(state);
  v128.store(state, v128.bitselect(v128.load(state, 0), a, active), 0);
  v128.store(state, v128.bitselect(v128.load(state, 16), b, active), 16);
  v128.store(state, v128.bitselect(v128.load(state, 32), c, active), 32);
  v128.store(state, v128.bitselect(v128.load(state, 48), d, active), 48);
  v128.store(state, v128.bitselect(v128.load(state, 64), e, active), 64);
  v128.store(state, v128.bitselect(v128.load(state, 80), f, active), 80);
  v128.store(state, v128.bitselect(v128.load(state, 96), g, active), 96);
  v128.store(state, v128.bitselect(v128.load(state, 112), h, active), 112);
}
