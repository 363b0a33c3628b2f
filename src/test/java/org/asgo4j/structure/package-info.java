// SPDX-License-Identifier: Apache-2.0
/**
 * Tests of the source tree itself: which package may use which, that the generated bindings are what jextract wrote,
 * and that the module works in a JVM of its own. They read source text, so that a wrong edge fails with a file name.
 */
package org.asgo4j.structure;
