/** The name under which this library is published. */
export const PACKAGE_NAME = '@tenon/dispatch';
