// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Says who owns a directory and who we are; an interface because a test cannot become somebody else. */
interface Ownership {
    /**
     * A user of a POSIX system.
     *
     * @param id the numeric user id, which decides
     * @param name the user's name, for messages; the number again where there is no name
     */
    record User(int id, String name) {
        @Override
        public String toString() {
            return "%s (uid %d)".formatted(name, id);
        }
    }

    /** The owner of this file or directory; of the link itself where it is one. */
    User of(Path path) throws IOException;

    /** The user this process acts as. */
    User self();

    /** The file system's and the process's own answers. POSIX only. */
    static Ownership posix() {
        return new Ownership() {
            @Override
            public User of(Path path) throws IOException {
                int id = (Integer) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
                return new User(id, Files.getOwner(path, LinkOption.NOFOLLOW_LINKS).getName());
            }

            @Override
            public User self() {
                return new User(effectiveUserId(), System.getProperty("user.name"));
            }
        };
    }

    private static int effectiveUserId() {
        Linker linker = Linker.nativeLinker();
        MethodHandle geteuid = linker.downcallHandle(linker.defaultLookup().findOrThrow("geteuid"),
                FunctionDescriptor.of(ValueLayout.JAVA_INT));
        try {
            return (int) geteuid.invokeExact();
        } catch (Throwable e) {
            throw new UncheckedIOException(new IOException("geteuid could not be called", e));
        }
    }
}
