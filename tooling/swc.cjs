// How TypeScript becomes JavaScript here, said once: for the build, for jest, and for `node -r ./tooling/register.cjs`.

/** @type {import('@swc/core').Options} */
const swcOptions = {
  swcrc: false,
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: {
      legacyDecorator: true,
      decoratorMetadata: true,
      useDefineForClassFields: false,
    },
    keepClassNames: true,
  },
  // With names that an ES module can import: Node finds them by reading the text, not by running it.
  module: { type: 'commonjs', exportInteropAnnotation: true },
};

module.exports = { swcOptions };
