package io.github.bitnet4j.core.format;

import io.github.bitnet4j.tokenizer.file.RegularFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A file, or a directory of files, that is written aside and moved into its place when it is
 * complete. Until {@link #commit} the target stays as it was, whatever happens to the process.
 *
 * <p>Rules for all writers:
 *
 * <ul>
 *   <li>Only a regular file is replaced by a file, and only a directory by a directory. Pipes,
 *       devices and sockets are refused.
 *   <li>A link keeps pointing where it does: the file or directory that it leads to is replaced, or
 *       made if it does not exist.
 *   <li>A file that is replaced passes its permissions on; a new one gets those of any new file.
 *   <li>Content and directory are forced to the disk before and after the move.
 *   <li>Links are not followed when something is deleted.
 * </ul>
 *
 * <p>The content is written in a {@link Workplace} beside the target. Killed processes leave theirs
 * behind; the next output in the same directory deletes it. A file is replaced in one step. A
 * directory takes two: it is moved into the workplace, then the new one takes its name. If the
 * second step fails, the old directory is moved back. If the process is killed between the two, the
 * next output in the same directory moves it back.
 *
 * <p>Not thread-safe. Several outputs, also of several processes, may have the same target; the
 * last one to commit wins.
 */
public final class AtomicOutput implements AutoCloseable {
  /** As the Linux kernel. */
  private static final int MAX_LINKS = 40;

  private final Path target;
  private final boolean directory;
  private final Workplace workplace;
  private final boolean ownerOnly;

  private AtomicOutput(Path path, boolean directory, boolean ownerOnly) throws IOException {
    target = checkedTarget(path, directory);
    this.directory = directory;
    this.ownerOnly = ownerOnly;
    workplace = Workplace.create(target);
  }

  /**
   * Begins a file.
   *
   * @param path where it will be
   * @throws IOException if the target cannot be replaced, or its directory cannot be written
   */
  public static AtomicOutput file(Path path) throws IOException {
    return new AtomicOutput(path, false, false);
  }

  /** Begins a file that, on POSIX systems, only its owner may read and write. */
  public static AtomicOutput ownerOnlyFile(Path path) throws IOException {
    return new AtomicOutput(path, false, true);
  }

  /**
   * Begins a directory.
   *
   * @param path where it will be
   * @throws IOException if the target cannot be replaced, or its directory cannot be written
   */
  public static AtomicOutput directory(Path path) throws IOException {
    return new AtomicOutput(path, true, false);
  }

  /**
   * Returns where an output will be: the path without links, also if nothing is there.
   *
   * @throws IOException if the directory it is in does not exist
   */
  public static Path target(Path path) throws IOException {
    Path at = path.toAbsolutePath();
    for (int links = 0; Files.isSymbolicLink(at); links++) {
      if (links == MAX_LINKS) {
        throw new FileSystemException(path.toString(), null, "its links lead to each other");
      }
      at = at.resolveSibling(Files.readSymbolicLink(at));
    }
    Path real = Files.exists(at) ? at.toRealPath() : at;
    Path parent = real.getParent();
    Path name = real.getFileName();
    if (parent == null || name == null) {
      throw new FileSystemException(path.toString(), null, "expected a name, found a root");
    }
    if (!RegularFile.attributes(parent).isDirectory()) {
      throw new FileSystemException(parent.toString(), null, "it is not a directory");
    }
    return parent.toRealPath().resolve(name);
  }

  /**
   * Deletes what killed processes have left beside a target, and moves a directory back that one of
   * them was about to replace. A new output does so itself.
   */
  public static void cleanUpBeside(Path target) {
    Workplace.cleanUp(target.resolveSibling(""));
  }

  private static Path checkedTarget(Path path, boolean directory) throws IOException {
    if (Files.exists(path)) {
      BasicFileAttributes found = RegularFile.attributes(path);
      if (directory ? !found.isDirectory() : !found.isRegularFile()) {
        throw new FileSystemException(
            path.toString(),
            null,
            "expected %s to replace, or nothing, found %s"
                .formatted(directory ? "a directory" : "a regular file", RegularFile.kind(found)));
      }
    }
    return target(path);
  }

  /** Returns where to write the content; nothing is there yet. */
  public Path content() {
    return workplace.content();
  }

  /** Creates the file and opens it for writing. */
  public FileChannel create() throws IOException {
    return FileChannel.open(
        content(), Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), permissions());
  }

  private FileAttribute<?>[] permissions() {
    return ownerOnly && isPosix()
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }

  private boolean isPosix() {
    return target.getFileSystem().supportedFileAttributeViews().contains("posix");
  }

  /**
   * Forces the content to the disk and moves it into its place.
   *
   * @throws IOException if that fails; the target then is what it was
   */
  public void commit() throws IOException {
    try {
      checkedTarget(target, directory);
      force(content());
      if (!directory) {
        keepPermissions();
        Files.move(content(), target, StandardCopyOption.ATOMIC_MOVE);
      } else if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
        workplace.replaceDirectory();
      } else {
        Files.move(content(), target, StandardCopyOption.ATOMIC_MOVE);
      }
      forceEntry(target.resolveSibling(""));
    } catch (IOException e) {
      throw explained(e);
    }
  }

  private void keepPermissions() throws IOException {
    PosixFileAttributeView old = posixView(target);
    PosixFileAttributeView own = posixView(content());
    if (!ownerOnly && old != null && own != null && Files.exists(target)) {
      own.setPermissions(old.readAttributes().permissions());
    }
  }

  private static @Nullable PosixFileAttributeView posixView(Path path) {
    return Files.getFileAttributeView(
        path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
  }

  private void force(Path path) throws IOException {
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      try (Stream<Path> files = Files.list(path)) {
        for (Path file : files.toList()) {
          force(file);
        }
      }
      forceEntry(path);
    } else {
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
    }
  }

  /** Forces the entries of a directory, where the system can open directories. */
  private void forceEntry(Path path) throws IOException {
    if (isPosix()) {
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  /** Returns an exception that names the target where the given one names no file. */
  public IOException explained(IOException e) {
    return RegularFile.explained(target, e);
  }

  /** Deletes what was written and not moved. */
  @Override
  public void close() throws IOException {
    workplace.close();
  }
}
