// The packages lie beside this folder, or where CHECKERS says.
import { createRequire } from 'module';
import { fileURLToPath } from 'url';
import path from 'path';

const beside = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
export const packages = path.resolve(process.env.CHECKERS ?? beside);
export const require = createRequire(packages + '/');
