// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/** Checks that every exported type and method says what it is; the compiler checks the comments themselves. */
class ExportedDocsTest {
    @Test
    void everyExportedTypeAndMethodHasAComment() throws IOException {
        List<Path> files = Stream.of("linalg", "io", "optim", "djl")
                .flatMap(name -> Sources.java(Sources.MAIN.resolve("org/asgo4j").resolve(name)).stream())
                .toList();
        assertFalse(files.isEmpty(), "no sources");
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        var fileManager = compiler.getStandardFileManager(null, null, null);
        var task = (JavacTask) compiler.getTask(null, fileManager, null, List.of("-proc:none"), null,
                fileManager.getJavaFileObjectsFromPaths(files));
        var silent = new Silent(DocTrees.instance(task));
        for (CompilationUnitTree file : task.parse()) {
            silent.scan(file, null);
        }
        assertEquals("", String.join("\n", silent.found), "exported, without a comment");
    }

    /** Finds what is public, in types that are public, and has neither a comment nor one that it inherits. */
    private static final class Silent extends TreePathScanner<Void, Void> {
        private final DocTrees docs;
        private final List<String> found = new ArrayList<>();

        Silent(DocTrees docs) {
            this.docs = docs;
        }

        @Override
        public Void visitClass(ClassTree type, Void unused) {
            if (!isPublic(type.getModifiers())) return null;
            check(type.getSimpleName().toString());
            return super.visitClass(type, null);
        }

        @Override
        public Void visitMethod(MethodTree method, Void unused) {
            boolean inherits = method.getModifiers().getAnnotations().stream()
                    .anyMatch(annotation -> annotation.getAnnotationType().toString().equals("Override"));
            var type = (ClassTree) getCurrentPath().getParentPath().getLeaf();
            boolean recordConstructor = type.getKind() == Tree.Kind.RECORD && method.getReturnType() == null;
            if (isPublic(method.getModifiers()) && !inherits && !recordConstructor) {
                check(type.getSimpleName() + "." + method.getName());
            }
            return null;
        }

        /** Members of an interface are public unless they say otherwise. */
        private boolean isPublic(ModifiersTree modifiers) {
            Set<Modifier> flags = modifiers.getFlags();
            boolean inInterface = getCurrentPath().getParentPath().getLeaf().getKind() == Tree.Kind.INTERFACE;
            return flags.contains(Modifier.PUBLIC) || flags.contains(Modifier.PROTECTED)
                    || inInterface && !flags.contains(Modifier.PRIVATE);
        }

        private void check(String name) {
            if (docs.getDocComment(getCurrentPath()) == null) {
                found.add(name);
            }
        }
    }
}
