package io.github.bitnet4j.tokenizer.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;

/**
 * Opens files that hold data, not streams: regular files, and links to them. Opening a pipe would
 * wait for a writer, and a device may never end, so these are refused before they are opened.
 *
 * <p>Java cannot open a file without waiting, so the type is read before opening and once more
 * afterwards. A process that exchanges the file for a pipe between the first two of these steps can
 * still make the call wait.
 *
 * <p>Every exception names the file and the reason. Stateless and thread-safe.
 */
public final class RegularFile {
  private RegularFile() {}

  /**
   * Opens a file for reading.
   *
   * @throws NoSuchFileException if there is no such file, or a link leads nowhere
   * @throws AccessDeniedException if this process may not read it
   * @throws FileSystemException if it is a directory, pipe, device or socket, or cannot be opened
   */
  public static FileChannel open(Path file) throws IOException {
    require(file);
    FileChannel channel;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ);
    } catch (IOException e) {
      throw explained(file, e);
    }
    boolean regular = false;
    try {
      require(file);
      regular = true;
    } finally {
      if (!regular) {
        channel.close();
      }
    }
    return channel;
  }

  /**
   * Reads from the position of a channel until the buffer is full or the file ends.
   *
   * @param file for messages
   */
  public static void read(Path file, FileChannel channel, ByteBuffer buffer) throws IOException {
    try {
      while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
        // until it is full or the file ends
      }
    } catch (IOException e) {
      throw explained(file, e);
    }
  }

  /**
   * Returns the bytes of an open file from its beginning; fewer than its size if it becomes shorter
   * meanwhile.
   *
   * @param bytes size of the file, which the caller has found acceptable
   */
  public static byte[] readAll(Path file, FileChannel channel, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    read(file, channel, buffer);
    return buffer.hasRemaining()
        ? Arrays.copyOf(buffer.array(), buffer.position())
        : buffer.array();
  }

  /**
   * Returns whether a directory has an entry of this name, also one that cannot be opened, such as
   * a link that leads nowhere.
   *
   * @throws IOException if the directory cannot be searched
   */
  public static boolean isPresent(Path file) throws IOException {
    try {
      Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return true;
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException e) {
      throw explained(file, e);
    }
  }

  /**
   * Checks that something is at a path and that its type can be told.
   *
   * @return the attributes of what is there, or of what a link leads to
   */
  public static BasicFileAttributes attributes(Path file) throws IOException {
    try {
      return Files.readAttributes(file, BasicFileAttributes.class);
    } catch (IOException e) {
      throw explained(file, e);
    }
  }

  /** Checks that a file is a regular one, or a link to one. */
  private static void require(Path file) throws IOException {
    BasicFileAttributes attributes = attributes(file);
    if (!attributes.isRegularFile()) {
      throw new FileSystemException(
          file.toString(), null, "expected a regular file, found " + kind(attributes));
    }
  }

  /** Returns what kind of file is not a regular one, with its article. */
  public static String kind(BasicFileAttributes attributes) {
    if (attributes.isRegularFile()) {
      return "a regular file";
    }
    return attributes.isDirectory() ? "a directory" : "a pipe, a device or a socket";
  }

  /**
   * Returns an exception that names the file and the reason: the given one if it does already.
   *
   * @param e raised by an operation on the file
   */
  public static IOException explained(Path file, IOException e) {
    return switch (e) {
      case NoSuchFileException missing when missing.getReason() == null ->
          withCause(new NoSuchFileException(file.toString(), null, missingReason(file)), e);
      case AccessDeniedException denied when denied.getReason() == null ->
          withCause(new AccessDeniedException(file.toString(), null, "permission denied"), e);
      case NotDirectoryException notDirectory ->
          withCause(new FileSystemException(file.toString(), null, "it is not a directory"), e);
      case FileSystemException named when named.getReason() != null -> named;
      case ClosedChannelException closed -> closed; // the thread was interrupted
      default -> {
        String message = String.valueOf(e.getMessage());
        boolean plain = e.getClass() == IOException.class || e instanceof FileSystemException;
        yield !plain || message.startsWith(file + ": ")
            ? e
            : withCause(new FileSystemException(file.toString(), null, message), e);
      }
    };
  }

  private static String missingReason(Path file) {
    return Files.isSymbolicLink(file)
        ? "it is a link to a file that does not exist"
        : "it does not exist";
  }

  private static IOException withCause(IOException e, IOException cause) {
    e.initCause(cause);
    return e;
  }
}
