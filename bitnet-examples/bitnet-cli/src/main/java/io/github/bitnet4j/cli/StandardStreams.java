package io.github.bitnet4j.cli;

import java.io.File;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * The standard streams of the process. A JVM that is started with one of them closed opens a file
 * of its own as that descriptor: it must be neither read nor written. The launcher prevents this;
 * where {@code /proc} tells, it is detected here too.
 */
final class StandardStreams {
  private StandardStreams() {}

  /** Returns standard input, or an empty stream if it is closed. */
  static InputStream in() {
    return isFileOfJvm(0) ? InputStream.nullInputStream() : new FileInputStream(FileDescriptor.in);
  }

  /** Returns standard output, or a stream that discards all if it is closed. */
  static OutputStream out() {
    return isFileOfJvm(1)
        ? OutputStream.nullOutputStream()
        : new FileOutputStream(FileDescriptor.out);
  }

  /** Returns standard error, or a stream that discards all if it is closed. */
  static PrintStream err() {
    return isFileOfJvm(2) ? new PrintStream(OutputStream.nullOutputStream()) : System.err;
  }

  private static boolean isFileOfJvm(int descriptor) {
    try {
      Path file = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor));
      Path home = Path.of(System.getProperty("java.home")).toRealPath();
      Stream<String> own =
          Stream.of("java.class.path", "jdk.module.path")
              .map(name -> System.getProperty(name, ""))
              .flatMap(paths -> Stream.of(paths.split(File.pathSeparator)))
              .filter(path -> path.endsWith(".jar"));
      return file.startsWith(home) || own.anyMatch(jar -> isSame(Path.of(jar), file));
    } catch (IOException e) {
      return false; // no such link, on this system or for this descriptor
    }
  }

  private static boolean isSame(Path jar, Path file) {
    return jar.toAbsolutePath().normalize().equals(file);
  }
}
