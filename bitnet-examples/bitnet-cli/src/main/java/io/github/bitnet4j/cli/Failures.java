package io.github.bitnet4j.cli;

import io.github.bitnet4j.NonFiniteValueException;
import io.github.bitnet4j.tokenizer.ChatTemplateException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Reports failures in one line, and chooses the exit code. */
final class Failures {
  /** 128 and the number of SIGPIPE: how a program ends that does not handle the signal. */
  static final int OUTPUT_CLOSED = 141;

  /** 128 and the number of SIGINT. */
  static final int INTERRUPTED = 130;

  private static final String JVM_OPTION =
      "set BITNET_JAVA_OPTS=%s, or start java with this option";

  private Failures() {}

  /** Reports arguments that cannot be used. */
  static int usage(ParameterException e) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    String message = Objects.requireNonNullElse(e.getMessage(), "wrong arguments");
    message = Messages.withOptionName(message, command.getCommandSpec());
    err.println("error: " + Messages.oneLine(message.replaceFirst("^Error: ", "")));
    if (!UnmatchedArgumentException.printSuggestions(e, err)) {
      err.println("For help: " + command.getCommandSpec().qualifiedName() + " --help");
    }
    return ExitCode.USAGE;
  }

  /** Reports any failure of a command, also of the JVM. */
  static int report(Throwable failure, CommandLine command, boolean verbose) {
    if (failure instanceof UsageException) {
      return usage(new ParameterException(command, failure.getMessage()));
    }
    if (failure instanceof ClosedOutputException) {
      return OUTPUT_CLOSED;
    }
    PrintWriter err = command.getErr();
    String message = Messages.withOptionName(message(failure), command.getCommandSpec());
    err.println("error: " + Messages.oneLine(message));
    if (verbose) {
      failure.printStackTrace(err);
    }
    return failure instanceof CancellationException ? INTERRUPTED : ExitCode.SOFTWARE;
  }

  private static String message(Throwable failure) {
    return switch (failure) {
      case FileSystemException e -> ofFile(e);
      case UncheckedIOException e when e.getCause() instanceof FileSystemException file ->
          ofFile(file);
      case CharacterCodingException _ -> "input: expected text in UTF-8, found other bytes";
      case FileNotFoundException e -> e.getMessage() + "; the file cannot be opened";
      case IOException _,
          UncheckedIOException _,
          IllegalArgumentException _,
          IllegalStateException _,
          NonFiniteValueException _,
          ChatTemplateException _ ->
          failure.getMessage() == null ? internal(failure) : failure.getMessage();
      case OutOfMemoryError e ->
          ("out of memory (%s): %s; less is needed with fewer --threads, a shorter --context or"
                  + " --kv-cache f16")
              .formatted(e.getMessage(), JVM_OPTION.formatted("-Xmx4g"));
      case StackOverflowError _ ->
          "the input is nested too deeply for the stack: "
              + JVM_OPTION.formatted("-Xss16m")
              + ", or nest it less";
      case LinkageError e ->
          ("a part of the program is missing or of another version (%s): build it again with"
                  + " mvn clean package, and use JARs of one version only")
              .formatted(e);
      default -> internal(failure);
    };
  }

  private static String internal(Throwable failure) {
    return ("internal error: %s; please report it at https://github.com/bitnet4j/bitnet4j/issues"
            + " with the output of the same command and --verbose")
        .formatted(failure);
  }

  private static String ofFile(FileSystemException e) {
    if (e.getReason() != null && !(e instanceof AccessDeniedException)) {
      return Objects.requireNonNullElse(e.getMessage(), e.toString());
    }
    String problem =
        switch (e) {
          case NoSuchFileException _ -> "does not exist";
          case AccessDeniedException _ -> "access denied";
          case NotDirectoryException _ -> "is not a directory";
          case FileAlreadyExistsException _ -> "exists already";
          case DirectoryNotEmptyException _ -> "is a directory that is not empty";
          default -> "cannot be used (" + e.getClass().getSimpleName() + ")";
        };
    return e.getFile() + ": " + problem;
  }
}
