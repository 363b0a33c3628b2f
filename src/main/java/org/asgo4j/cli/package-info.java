// SPDX-License-Identifier: Apache-2.0
/**
 * The command line: {@code asgo4j train}, {@code sample}, {@code replay} and {@code doctor}.
 *
 * <p>{@link org.asgo4j.cli.Main} parses the options with picocli and turns failures into an exit status: 0 if all went
 * well, 2 with one line if the input was at fault (options, corpus, files read), 1 if something failed on the way. The
 * commands check what the library can't know (paths, how names are spelled) and leave the rest to it. This is the one
 * package that prints; results go to standard output, complaints to standard error.
 *
 * <p>Besides the properties that {@link org.asgo4j.linalg.Backends} reads, {@code asgo4j.corpus} names the corpus that
 * {@code train} takes by default: the build and the start script know where it lies, the program does not.
 */
package org.asgo4j.cli;
