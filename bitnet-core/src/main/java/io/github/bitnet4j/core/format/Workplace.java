package io.github.bitnet4j.core.format;

import io.github.bitnet4j.Model;
import io.github.bitnet4j.tokenizer.file.RegularFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A directory beside a target, in which one process writes the content that will replace it: {@code
 * .bitnet4j-PROCESS-RANDOM.unfinished} with the files {@code owner}, {@code content} and, while a
 * directory is replaced, {@code old}.
 *
 * <p>The owner file begins with a fixed line, written after the process has locked the file; the
 * second line is the name of the target. The lock ends with the process. So a workplace is known to
 * be left by a killed process if it has the name, the line, no other entries, and can be locked.
 * Anything else is not touched. On file systems without locks nothing is ever taken for left. A
 * process that is killed before it has written the line leaves a directory that stays.
 */
final class Workplace implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Model.class);

  private static final String MARKER = "bitnet4j unfinished output\n";
  private static final int MAX_OWNER_BYTES = 4096;
  private static final String GLOB = ".bitnet4j-*.unfinished";
  private static final Pattern NAME =
      Pattern.compile("\\.bitnet4j-([0-9a-f]+-[0-9a-f]+)-[0-9a-f]{32}\\.unfinished");

  /**
   * This process. Its own workplaces are told by name: opening and closing a file that it has
   * locked would end the lock.
   */
  private static final String PROCESS = processName();

  private static final String OWNER = "owner";
  private static final String CONTENT = "content";
  private static final String OLD = "old";

  private final Path target;
  private final Path place;
  private @Nullable FileChannel owner;

  private Workplace(Path target, Path place, @Nullable FileChannel owner) {
    this.target = target;
    this.place = place;
    this.owner = owner;
  }

  private static String processName() {
    ProcessHandle process = ProcessHandle.current();
    Instant start = process.info().startInstant().orElse(Instant.EPOCH);
    return Long.toHexString(process.pid()) + "-" + Long.toHexString(start.toEpochMilli());
  }

  /** Deletes what killed processes have left beside a target, and creates a workplace there. */
  static Workplace create(Path target) throws IOException {
    cleanUp(target.resolveSibling(""));
    String random = UUID.randomUUID().toString().replace("-", "");
    Path place = target.resolveSibling(".bitnet4j-" + PROCESS + "-" + random + ".unfinished");
    try {
      Files.createDirectory(place);
    } catch (IOException e) {
      throw cannotWrite(target, e);
    }
    Workplace workplace = new Workplace(target, place, null);
    boolean created = false;
    try {
      workplace.own();
      created = true;
      return workplace;
    } catch (IOException e) {
      throw cannotWrite(target, e);
    } finally {
      if (!created) {
        workplace.close();
      }
    }
  }

  private static IOException cannotWrite(Path target, IOException e) {
    IOException explained = RegularFile.explained(target, e);
    if (!(explained instanceof FileSystemException reason)) {
      return explained;
    }
    FileSystemException named =
        new FileSystemException(
            target.toString(), null, "its directory cannot be written: " + reason.getReason());
    named.initCause(e);
    return named;
  }

  private void own() throws IOException {
    FileChannel channel =
        FileChannel.open(
            place.resolve(OWNER), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    owner = channel;
    try {
      channel.tryLock();
    } catch (IOException e) {
      LOG.debug("{} cannot be locked; it stays if this process is killed", place, e);
    }
    ByteBuffer text =
        ByteBuffer.wrap((MARKER + target.getFileName()).getBytes(StandardCharsets.UTF_8));
    while (text.hasRemaining()) {
      channel.write(text);
    }
  }

  /** Returns where the content is written. */
  Path content() {
    return place.resolve(CONTENT);
  }

  /**
   * Puts the content in the place of a directory.
   *
   * @throws IOException if that fails; the old directory is then back, or the message says where
   */
  void replaceDirectory() throws IOException {
    Path old = place.resolve(OLD);
    Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
    try {
      Files.move(content(), target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      restoreOld();
      throw e;
    }
  }

  /** Moves the old directory back if nothing has its name. */
  private void restoreOld() throws IOException {
    Path old = place.resolve(OLD);
    if (isThere(old) && !isThere(target)) {
      try {
        Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        FileSystemException kept =
            new FileSystemException(
                target.toString(), null, "it could not be replaced; what was there is now " + old);
        kept.initCause(e);
        throw kept;
      }
    }
  }

  private static boolean isThere(Path path) {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }

  /** Deletes this workplace; an old directory is moved back first if nothing has its name. */
  @Override
  public void close() throws IOException {
    if (!isThere(place)) {
      return;
    }
    restoreOld();
    deleteTree(content());
    deleteTree(place.resolve(OLD));
    FileChannel locked = owner;
    if (locked != null) {
      locked.close();
    }
    Files.deleteIfExists(place.resolve(OWNER));
    Files.deleteIfExists(place);
  }

  private static void deleteTree(Path root) throws IOException {
    if (!isThere(root)) {
      return;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e)
              throws IOException {
            if (e != null) {
              throw e;
            }
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /**
   * Deletes what killed processes have left in a directory, and moves directories back that they
   * were about to replace. A failure is logged: it does not hinder new output.
   */
  static void cleanUp(Path directory) {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, GLOB)) {
      for (Path entry : entries) {
        cleanUpEntry(entry);
      }
    } catch (IOException | DirectoryIteratorException e) {
      LOG.warn("{} cannot be searched for files that killed processes left", directory, e);
    }
  }

  private static void cleanUpEntry(Path place) {
    Matcher name = NAME.matcher(String.valueOf(place.getFileName()));
    Path owner = place.resolve(OWNER);
    if (!name.matches()
        || name.group(1).equals(PROCESS)
        || !Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)
        || !Files.isRegularFile(owner, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Set<StandardOpenOption> readWrite = Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);
    try (FileChannel channel = FileChannel.open(owner, readWrite)) {
      String text = ownerText(channel);
      FileLock lock = text.startsWith(MARKER) ? channel.tryLock() : null;
      if (lock != null && hasNoOtherEntries(place)) {
        String targetName = text.substring(MARKER.length());
        Path target = place.resolveSibling(targetName);
        if (targetName.equals(String.valueOf(target.getFileName()))) {
          new Workplace(target, place, channel).close();
          LOG.info("Deleted {}, which a killed process had left", place);
        }
      }
    } catch (IOException | OverlappingFileLockException | InvalidPathException e) {
      // Of another user, or in use by this JVM through another class loader, or just deleted.
      LOG.debug("{} is not deleted", place, e);
    }
  }

  private static String ownerText(FileChannel channel) throws IOException {
    ByteBuffer text = ByteBuffer.allocate(MAX_OWNER_BYTES);
    while (text.hasRemaining() && channel.read(text) >= 0) {
      // until it is full or the file ends
    }
    return StandardCharsets.UTF_8.decode(text.flip()).toString();
  }

  private static boolean hasNoOtherEntries(Path place) throws IOException {
    List<String> own = List.of(OWNER, CONTENT, OLD);
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(place)) {
      for (Path entry : entries) {
        if (!own.contains(String.valueOf(entry.getFileName()))) {
          return false;
        }
      }
    }
    return true;
  }
}
