/** Words for the shop's codes; a code that is missing here is shown unchanged. */
const ABBREVIATIONS: Readonly<Record<string, string>> = {
  bkd: 'baked',
  bn: 'bean',
  brkfst: 'breakfast',
  btl: 'bottle',
  carb: 'carbonated',
  catfd: 'cat food',
  chick: 'chicken',
  chix: 'chicken',
  choc: 'chocolate',
  cntrl: 'control',
  dnrs: 'dinners',
  drnk: 'drink',
  drnking: 'drinking',
  drsng: 'dressing',
  ex: 'except',
  excp: 'except',
  fd: 'food',
  fem: 'feminine',
  frz: 'frozen',
  frzn: 'frozen',
  gds: 'goods',
  gm: 'general goods',
  hygn: 'hygiene',
  incl: 'including',
  misc: 'miscellaneous',
  mlt: 'multi',
  mnerl: 'mineral',
  mnral: 'mineral',
  pck: 'pack',
  pckgd: 'packaged',
  pk: 'pack',
  prod: 'products',
  rts: 'ready-to-serve',
  sald: 'salad',
  sft: 'soft',
  sgl: 'single',
  sherbts: 'sherbets',
  shldr: 'shoulder',
  sndwch: 'sandwich',
  sngl: 'single',
  sprd: 'spread',
  srv: 'serve',
  ss: 'single-serve',
  sup: 'super',
  sv: 'serve',
  sw: 'sweet',
  syrp: 'syrup',
  veg: 'vegetables',
  whlsm: 'wholesome',
};

/**
 * Expands a shop code into plain words: `FRZN SS ENTREES/DNRS (EXCP:` → `Frozen single-serve entrees/dinners`. A
 * bracket that the source cut off is dropped.
 */
export function readable(code: string): string {
  const words = code
    .replace(/\([^)]*$/, '')
    .replace(/([:,])(?=\S)/g, '$1 ')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase()
    .replace(/([a-z]+)\.?/g, (whole, word: string) => ABBREVIATIONS[word] ?? whole);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `973875  PK` → `973875 pk` */
export function packageSize(code: string): string {
  return code.trim().replace(/\s+/g, ' ').toLowerCase();
}

/** Composes a title for a product without a name: its kind, its size, and whether it is the store brand. */
export function groceryTitle(product: {
  readonly product_id: bigint;
  readonly department: string | null;
  readonly brand: string | null;
  readonly product_category: string | null;
  readonly product_type: string | null;
  readonly package_size: string | null;
}): string {
  const code = [product.product_type, product.product_category, product.department].find((text) =>
    text?.trim(),
  );
  const what = code ? readable(code) : `Product ${product.product_id}`;
  const size = product.package_size?.trim() ? `, ${packageSize(product.package_size)}` : '';
  return `${what}${size}${product.brand === 'Private' ? ' (store brand)' : ''}`;
}
