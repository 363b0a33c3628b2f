// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/**
 * Where the commands print.
 *
 * @param out results and progress
 * @param err complaints
 * @param live whether people watch {@code out}, so that a line on it can be written over
 */
record Screen(PrintStream out, PrintStream err, boolean live) {

    /** The process's own streams; text that goes to a file or a pipe is UTF-8 on every system. */
    static Screen standard() {
        Console console = System.console();
        boolean terminal = console != null && console.isTerminal();
        Charset charset = terminal ? console.charset() : StandardCharsets.UTF_8;
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, charset);
        return new Screen(out, System.err, terminal && !"dumb".equals(System.getenv("TERM")));
    }
}
