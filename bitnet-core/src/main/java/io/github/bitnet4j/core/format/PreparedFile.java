package io.github.bitnet4j.core.format;

import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.tokenizer.file.RegularFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file with what loading a model made of its weights, to be mapped the next time instead of made
 * again. It belongs to one content of the model's files and one layout of kernels; anything else,
 * and a damaged file, is replaced. It is a cache: if it cannot be read or written, a warning is
 * logged and the model is loaded without it. It has the permissions of any new file, because
 * several users may share it. {@link AtomicOutput} has the rules for what is replaced.
 *
 * <p>Little-endian: the eight characters {@code BITNET4J}, version (int), number of sections (int),
 * key (32 bytes), size of the file (long); for each section scale (float), number of the form
 * (int), offset (long), length (long), checksum (int) and 4 unused bytes; the checksum of all that
 * (int); the sections, each from a multiple of 64 on. Checksums are CRC-32C; that of a section is
 * over the checksums of its pieces of 4 MB.
 */
final class PreparedFile {
  private static final Logger LOG = LoggerFactory.getLogger(Model.class);

  private static final byte[] MAGIC = "BITNET4J".getBytes(StandardCharsets.US_ASCII);

  /** To be raised when the meaning of the bytes changes. */
  private static final int VERSION = 1;

  private static final int FIXED_BYTES = 56;
  private static final int SECTION_BYTES = 32;
  private static final int ALIGNMENT = 64;
  private static final int PIECE = 1 << 22;

  /** Bytes that are copied at once: they stay in a cache of the processor. */
  private static final int CHUNK = 1 << 16;

  private final Path path;
  private final byte[] key;

  /** Whether what has this name may be replaced. */
  private boolean replaceable = true;

  /** How a section holds a matrix. */
  enum Form {
    /** It does not: the kernels use the model's file in place. */
    AS_STORED(0),
    /** As trits in rows of quarters, made from dense weights. */
    TRITS(1),
    /** In the layout of the kernels. */
    COPY(2);

    private final int number;

    Form(int number) {
      this.number = number;
    }

    /** Returns the form of a number, or null. */
    static @Nullable Form of(int number) {
      return switch (number) {
        case 0 -> AS_STORED;
        case 1 -> TRITS;
        case 2 -> COPY;
        default -> null;
      };
    }
  }

  /**
   * A part of the file.
   *
   * @param scale of a ternary matrix, else 0
   */
  record Section(float scale, Form form, MemorySegment data) {}

  /**
   * Names a file.
   *
   * @param layout of the kernels' copies, and what else decides about the content
   * @param sources all bytes of the model's weight files
   */
  PreparedFile(Path path, String layout, List<MemorySegment> sources, WorkerTeam team) {
    this.path = path;
    this.key = key(layout, sources, team);
  }

  private static byte[] key(String layout, List<MemorySegment> sources, WorkerTeam team) {
    int[] checksums = checksums(sources, team);
    ByteBuffer sizes = ByteBuffer.allocate(sources.size() * (Long.BYTES + Integer.BYTES));
    for (int i = 0; i < checksums.length; i++) {
      sizes.putLong(sources.get(i).byteSize()).putInt(checksums[i]);
    }
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(layout.getBytes(StandardCharsets.UTF_8));
      digest.update((byte) 0);
      return digest.digest(sizes.array());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /**
   * Maps the sections, if the file is there, whole, and of this key; logs why if it is there and
   * cannot be used. The content of the sections is as it was written, but not known to be valid.
   *
   * @param count expected number of sections
   * @throws ModelFormatException if a file of another kind is there, which must not be replaced
   */
  Optional<List<Section>> read(int count, Arena arena, WorkerTeam team)
      throws ModelFormatException {
    try {
      return Files.exists(path) ? readPresent(count, arena, team) : Optional.empty();
    } catch (ModelFormatException e) {
      throw e;
    } catch (IOException e) {
      replaceable = false;
      LOG.warn("Prepared weights are not used: {}", e.getMessage());
      return Optional.empty();
    }
  }

  private Optional<List<Section>> readPresent(int count, Arena arena, WorkerTeam team)
      throws IOException {
    try (FileChannel channel = RegularFile.open(path)) {
      ByteBuffer header = ByteBuffer.allocate(headerBytes(count)).order(ByteOrder.LITTLE_ENDIAN);
      RegularFile.read(path, channel, header);
      header.flip();
      checkMagic(header);
      long fileBytes = channel.size();
      String problem = headerProblem(header, count, fileBytes);
      if (problem == null) {
        MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, fileBytes, arena);
        List<Section> sections = new ArrayList<>();
        problem = readSections(header, count, file, sections, team);
        if (problem == null) {
          return Optional.of(sections);
        }
      }
      logDamage(problem);
    } catch (InternalError e) {
      if (!InputFiles.isUnreadableMemory(e)) {
        throw e;
      }
      logDamage("it was cut short while it was read");
    }
    return Optional.empty();
  }

  /** Logs why the file is not used, and that it will be replaced. */
  void logDamage(String problem) {
    LOG.warn("{}: {}; it is made anew", path, problem);
  }

  private void checkMagic(ByteBuffer header) throws ModelFormatException {
    byte[] start = new byte[Math.min(MAGIC.length, header.limit())];
    header.get(0, start);
    if (!Arrays.equals(start, MAGIC)) {
      throw new ModelFormatException(
          path,
          "expected a file of prepared weights, or none, found one of another kind; name another"
              + " place for prepared weights");
    }
  }

  /** Returns why the header cannot be used, or null. */
  private @Nullable String headerProblem(ByteBuffer header, int count, long fileBytes) {
    if (header.limit() < FIXED_BYTES + Integer.BYTES) {
      return "its header is cut short at byte " + header.limit();
    }
    if (header.getInt(8) != VERSION) {
      return "it has version %d, not %d".formatted(header.getInt(8), VERSION);
    }
    byte[] found = new byte[key.length];
    header.get(16, found);
    if (!Arrays.equals(found, key) || header.getInt(12) != count) {
      return "it was made from other files or for other kernels";
    }
    int end = headerBytes(count) - Integer.BYTES;
    if (header.limit() < headerBytes(count) || crc(header.slice(0, end)) != header.getInt(end)) {
      return "its header is damaged";
    }
    if (header.getLong(48) != fileBytes) {
      return "expected %d bytes, found %d".formatted(header.getLong(48), fileBytes);
    }
    return null;
  }

  /** Reads the sections; returns why they cannot be used, or null. */
  private static @Nullable String readSections(
      ByteBuffer header, int count, MemorySegment file, List<Section> sections, WorkerTeam team) {
    List<MemorySegment> parts = new ArrayList<>();
    long end = headerBytes(count);
    for (int i = 0; i < count; i++) {
      int at = FIXED_BYTES + i * SECTION_BYTES;
      Form form = Form.of(header.getInt(at + 4));
      long offset = header.getLong(at + 8);
      long length = header.getLong(at + 16);
      // Sections do not overlap: otherwise a small file could describe endless work.
      if (form == null
          || offset != aligned(end)
          || length < 0
          || length > file.byteSize() - Math.min(offset, file.byteSize())) {
        return "section %d is damaged: form %d, %d bytes at %d"
            .formatted(i, header.getInt(at + 4), length, offset);
      }
      end = offset + length;
      // An empty last section may begin behind the end.
      MemorySegment data = length == 0 ? MemorySegment.NULL : file.asSlice(offset, length);
      parts.add(data);
      sections.add(new Section(header.getFloat(at), form, data));
    }
    int[] checksums = checksums(parts, team);
    for (int i = 0; i < count; i++) {
      if (checksums[i] != header.getInt(FIXED_BYTES + i * SECTION_BYTES + 24)) {
        return "section " + i + " is damaged";
      }
    }
    return null;
  }

  /** Writes the file. A failure is logged; the model can be used all the same. */
  void write(List<Section> sections, WorkerTeam team) {
    if (!replaceable) {
      return;
    }
    try (AtomicOutput output = AtomicOutput.file(path)) {
      try (FileChannel channel = output.create()) {
        write(channel, sections, team);
      } catch (IOException e) {
        throw output.explained(e);
      }
      output.commit();
      LOG.info("Wrote prepared weights to {}", path);
    } catch (IOException e) {
      LOG.warn("Prepared weights cannot be written: {}", e.getMessage());
    }
  }

  private void write(FileChannel channel, List<Section> sections, WorkerTeam team)
      throws IOException {
    int[] checksums = checksums(sections.stream().map(Section::data).toList(), team);
    ByteBuffer header =
        ByteBuffer.allocate(headerBytes(sections.size())).order(ByteOrder.LITTLE_ENDIAN);
    header.put(MAGIC).putInt(VERSION).putInt(sections.size()).put(key).putLong(0);
    long end = header.capacity();
    long offset = aligned(end);
    for (int i = 0; i < checksums.length; i++) {
      Section section = sections.get(i);
      header.putFloat(section.scale).putInt(section.form.number);
      header.putLong(offset).putLong(section.data.byteSize()).putInt(checksums[i]).putInt(0);
      writeAll(channel, section.data, offset);
      end = offset + section.data.byteSize();
      offset = aligned(end);
    }
    header.putLong(48, end);
    header.putInt(crc(header.slice(0, header.position())));
    writeAll(channel, MemorySegment.ofBuffer(header.flip()), 0);
  }

  private static void writeAll(FileChannel channel, MemorySegment data, long offset)
      throws IOException {
    for (long at = 0; at < data.byteSize(); at += PIECE) {
      ByteBuffer piece = data.asSlice(at, Math.min(PIECE, data.byteSize() - at)).asByteBuffer();
      while (piece.hasRemaining()) {
        channel.write(piece, offset + at + piece.position());
      }
    }
  }

  private static long aligned(long offset) {
    return (offset + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  private static int headerBytes(int sections) {
    return FIXED_BYTES + sections * SECTION_BYTES + Integer.BYTES;
  }

  private static int crc(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  /**
   * Computes the checksum of memory that may be mapped. It is copied first: if the file becomes
   * shorter meanwhile, copying throws an error, while the JVM's code for checksums would crash.
   */
  private static int crc(MemorySegment bytes) {
    CRC32C crc = new CRC32C();
    byte[] chunk = new byte[(int) Math.min(CHUNK, bytes.byteSize())];
    for (long at = 0; at < bytes.byteSize(); at += CHUNK) {
      int length = (int) Math.min(CHUNK, bytes.byteSize() - at);
      MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, at, chunk, 0, length);
      crc.update(chunk, 0, length);
    }
    return (int) crc.getValue();
  }

  /** Returns a checksum for each segment. */
  private static int[] checksums(List<MemorySegment> segments, WorkerTeam team) {
    record Piece(int segment, long offset, long length) {}
    List<Piece> pieces = new ArrayList<>();
    for (int i = 0; i < segments.size(); i++) {
      long size = segments.get(i).byteSize();
      for (long at = 0; at < size; at += PIECE) {
        pieces.add(new Piece(i, at, Math.min(PIECE, size - at)));
      }
    }
    int[] ofPieces = new int[pieces.size()];
    team.run(
        pieces.size(),
        1,
        (from, to, worker) -> {
          for (int i = from; i < to; i++) {
            Piece piece = pieces.get(i);
            ofPieces[i] = crc(segments.get(piece.segment).asSlice(piece.offset, piece.length));
          }
        });
    int[] checksums = new int[segments.size()];
    int next = 0;
    for (int i = 0; i < checksums.length; i++) {
      ByteBuffer parts =
          ByteBuffer.allocate(Math.toIntExact(Math.ceilDiv(segments.get(i).byteSize(), PIECE) * 4));
      while (parts.hasRemaining()) {
        parts.putInt(ofPieces[next++]);
      }
      checksums[i] = crc(parts.flip());
    }
    return checksums;
  }
}
