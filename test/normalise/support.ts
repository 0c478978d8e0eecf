import { loadNormalisers, type Normaliser, parseNormalisation } from 'sealroom/schema';

/** The function for a column with these steps and null texts. */
export async function normaliserOf(normalise: readonly string[], nulls: readonly string[] = []): Promise<Normaliser> {
  const column = parseNormalisation({ normalise, nulls });
  const normaliser = (await loadNormalisers([column])).of(column);
  if (normaliser === null) throw new Error('a column that is not normalised');
  return normaliser;
}
