/** A file of vgen's package, by its path from the package's root; the same from src/ and from dist/. */
export const ownFile = (path: string): URL => new URL(`../../${path}`, import.meta.url);
