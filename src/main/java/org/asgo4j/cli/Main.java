// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/** The program {@code asgo4j}. */
@Command(
        name = "asgo4j",
        description = "The ASGO optimizer on off-heap memory: trains a GPT with it, writes text with what was trained, "
                + "repeats recorded trajectories, and looks at this machine.",
        synopsisSubcommandLabel = "COMMAND",
        versionProvider = Version.class,
        sortOptions = false)
public final class Main {
    @Option(names = {"-h", "--help"}, usageHelp = true, scope = ScopeType.INHERIT, description = "show this help")
    private boolean help;

    @Option(names = "--version", versionHelp = true, description = "show the version")
    private boolean version;

    @Option(
            names = "--stacktrace", scope = ScopeType.INHERIT, hidden = true,
            description = "show where a failure came from")
    private boolean stacktrace;

    private final Screen screen;

    private Main(Screen screen) {
        this.screen = screen;
    }

    /**
     * Runs a command and ends the JVM with its exit status.
     *
     * @param arguments the command and its options; {@code --help} lists them
     */
    public static void main(String[] arguments) {
        Locale.setDefault(Locale.ROOT); // so that every number has a decimal point, whatever the machine's language
        System.exit(run(Screen.standard(), arguments));
    }

    /** Runs a command; its exit status. */
    static int run(Screen screen, String... arguments) {
        return new Main(screen).run(arguments);
    }

    private int run(String... arguments) {
        CommandLine line = new CommandLine(this)
                .addSubcommand(new TrainCommand(screen))
                .addSubcommand(new SampleCommand(screen))
                .addSubcommand(new ReplayCommand(screen))
                .addSubcommand(new DoctorCommand(screen))
                .setExpandAtFiles(false) // a prompt such as @Override is text, no file of arguments
                .setParameterExceptionHandler((e, _) -> refuse(e))
                .setExecutionExceptionHandler((e, _, _) -> report(e));
        int status;
        try {
            status = line.execute(arguments);
        } catch (RuntimeException | Error e) {
            status = report(e);
        }
        if (screen.out().checkError() && status == ExitCode.OK) {
            return complain(new Failure(ExitCode.SOFTWARE, "standard output can't be written"));
        }
        return status;
    }

    /** Says in one line why the options can't be taken. */
    private int refuse(ParameterException e) {
        String problem = String.valueOf(e.getMessage()).strip();
        String message = problem.substring(0, 1).toLowerCase(Locale.ROOT) + problem.substring(1);
        List<String> similar = e instanceof UnmatchedArgumentException u ? u.getSuggestions() : List.of();
        String hint = similar.isEmpty() ? "" : "; did you mean " + String.join(" or ", similar) + "?";
        String command = e.getCommandLine().getCommandSpec().qualifiedName();
        String refusal = "%s%s (see %s --help)".formatted(message, hint, command);
        return complain(Failure.of(new IllegalArgumentException(refusal)));
    }

    private int report(Throwable thrown) {
        if (stacktrace) thrown.printStackTrace(screen.err());
        return complain(Failure.of(thrown));
    }

    private int complain(Failure failure) {
        screen.err().println("asgo4j: " + failure.message());
        return failure.status();
    }
}
