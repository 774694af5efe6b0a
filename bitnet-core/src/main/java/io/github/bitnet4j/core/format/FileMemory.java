package io.github.bitnet4j.core.format;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The bytes of a model file as memory: mapped, or copied. */
final class FileMemory {
  private static final int CHUNK_BYTES = 1 << 26;

  private FileMemory() {}

  /**
   * Returns the bytes of a file.
   *
   * @param arena owns the memory
   * @param copy whether to copy the file instead of mapping it: a file that another process cuts
   *     short then does no harm
   */
  static MemorySegment open(Path path, Arena arena, boolean copy) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = channel.size();
      if (!copy) {
        return channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
      }
      MemorySegment memory = arena.allocate(size, Long.BYTES);
      for (long at = 0; at < size; at += CHUNK_BYTES) {
        ByteBuffer chunk = memory.asSlice(at, Math.min(CHUNK_BYTES, size - at)).asByteBuffer();
        while (chunk.hasRemaining()) {
          if (channel.read(chunk, at + chunk.position()) < 0) {
            throw new EOFException(path + ": the file became shorter while it was read");
          }
        }
      }
      return memory.asReadOnly();
    }
  }
}
