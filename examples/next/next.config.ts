import { join } from 'node:path';
import type { NextConfig } from 'next';

const config: NextConfig = {
  // Only here, where the packages lie beside the example: an application of its own needs neither line.
  turbopack: { root: join(import.meta.dirname, '../..') },
  outputFileTracingRoot: join(import.meta.dirname, '../..'),
};

export default config;
