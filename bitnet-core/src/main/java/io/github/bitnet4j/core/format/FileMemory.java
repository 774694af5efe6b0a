package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.tokenizer.file.RegularFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of model files as memory: mapped, or copied.
 *
 * <p>While a model is loaded every byte is looked at; afterwards kernels may need but a few,
 * because they have copies in their own layout. So files are mapped twice: once for loading, which
 * is undone after it and so gives its resident pages back, and once for what is used later. Both
 * come from one open file: a file that is replaced meanwhile does no harm. Thread-safe once all
 * files are open.
 */
final class FileMemory {
  private static final int CHUNK_BYTES = 1 << 26;

  private final Arena loading;
  private final @Nullable Arena lasting;
  private final boolean copy;
  private final List<Twins> files = new ArrayList<>();
  private final List<MemorySegment> opened = new ArrayList<>();

  /** The bytes of one file, for loading and for later. */
  private record Twins(MemorySegment loading, MemorySegment lasting) {}

  /**
   * Creates memory of which some parts are used longer than the others.
   *
   * @param loading owns what {@link #open} returns
   * @param lasting owns what {@link #lasting} returns; null if {@code loading} lasts
   * @param copy whether to copy files instead of mapping them: a file that another process cuts
   *     short then does no harm
   */
  FileMemory(Arena loading, @Nullable Arena lasting, boolean copy) {
    this.loading = loading;
    this.lasting = lasting;
    this.copy = copy;
  }

  /** Creates memory that all belongs to one arena. */
  FileMemory(Arena arena, boolean copy) {
    this(arena, null, copy);
  }

  /** Returns the bytes of a file. */
  MemorySegment open(Path path) throws IOException {
    MemorySegment bytes = map(path);
    opened.add(bytes);
    return bytes;
  }

  /** Returns the bytes of all files that were opened. */
  List<MemorySegment> opened() {
    return opened;
  }

  private MemorySegment map(Path path) throws IOException {
    try (FileChannel channel = RegularFile.open(path)) {
      long size = channel.size();
      try {
        if (copy) {
          return copy(path, channel, size);
        }
        MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, loading);
        if (lasting != null) {
          files.add(
              new Twins(mapped, channel.map(FileChannel.MapMode.READ_ONLY, 0, size, lasting)));
        }
        return mapped;
      } catch (IOException e) {
        throw channel.isOpen() && channel.size() < size
            ? cutShort(path, size, channel.size())
            : RegularFile.explained(path, e);
      }
    }
  }

  private static ModelFormatException cutShort(Path path, long expected, long found) {
    return new ModelFormatException(
        path,
        "expected %d bytes, found %d; the file was cut short while it was read"
            .formatted(expected, found));
  }

  private MemorySegment copy(Path path, FileChannel channel, long size) throws IOException {
    MemorySegment memory = loading.allocate(size, Long.BYTES);
    for (long at = 0; at < size; at += CHUNK_BYTES) {
      ByteBuffer chunk = memory.asSlice(at, Math.min(CHUNK_BYTES, size - at)).asByteBuffer();
      while (chunk.hasRemaining()) {
        if (channel.read(chunk, at + chunk.position()) < 0) {
          throw cutShort(path, size, at + chunk.position());
        }
      }
    }
    return memory.asReadOnly();
  }

  /** Returns the same bytes as a part of an open file, in memory that stays after loading. */
  MemorySegment lasting(MemorySegment part) {
    if (lasting == null) {
      return part;
    }
    for (Twins file : files) {
      long offset = part.address() - file.loading.address();
      if (offset >= 0 && offset + part.byteSize() <= file.loading.byteSize()) {
        return file.lasting.asSlice(offset, part.byteSize());
      }
    }
    return lasting.allocate(part.byteSize(), Long.BYTES).copyFrom(part).asReadOnly();
  }
}
