package io.github.bitnet4j.core.session;

import io.github.bitnet4j.ChatMessage;
import io.github.bitnet4j.KvCacheType;
import io.github.bitnet4j.SessionFormatException;
import io.github.bitnet4j.core.cache.KvCache;
import io.github.bitnet4j.core.format.AtomicOutput;
import io.github.bitnet4j.tokenizer.file.RegularFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * A saved session.
 *
 * <p>Little-endian: the eight characters {@code BITNET4S}, version (int), type of the KV cache
 * (int), fingerprint of the model (32 bytes), number of ids and of messages (ints), bytes of both
 * (long), bytes of a block of the cache (long), size of the file (long), checksum of ids and
 * messages (int), checksum of all that (int); the ids (ints); for each message role and content,
 * each as the number of its chars (int) and the chars; the blocks of the cache that hold the ids,
 * each followed by its checksum (int). Checksums are CRC-32C. The messages take at most 16 MB.
 */
final class SessionFile {
  private static final byte[] MAGIC = "BITNET4S".getBytes(StandardCharsets.US_ASCII);

  /** To be raised when the meaning of the bytes changes, the layout of the KV cache included. */
  private static final int VERSION = 2;

  private static final int VERSION_AT = 8;
  private static final int TYPE_AT = 12;
  private static final int MODEL_AT = 16;
  private static final int MODEL_BYTES = 32;
  private static final int IDS_AT = 48;
  private static final int CONVERSATION_BYTES_AT = 56;
  private static final int BLOCK_BYTES_AT = 64;
  private static final int FILE_BYTES_AT = 72;
  private static final int CONVERSATION_CHECKSUM_AT = 80;
  private static final int CHECKSUM_AT = 84;
  private static final int HEADER_BYTES = 88;

  /**
   * Largest size of all messages: far more text than a context holds, and little enough that a file
   * which claims it, rightly or not, does not exhaust the memory of the JVM.
   */
  private static final int MAX_MESSAGE_BYTES = 1 << 24;

  /** Bytes that are read or written at once. */
  private static final int PIECE = 1 << 22;

  private static final String DAMAGED = "; the file is damaged";

  private final Path path;
  private final TransformerModel model;
  private final KvCache cache;

  /**
   * What a file holds besides the KV cache.
   *
   * @param ids of the tokens in the cache
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
  record Conversation(int[] ids, List<ChatMessage> messages) {}

  /**
   * Names a file.
   *
   * @param cache what is saved; or empty, to be filled
   */
  SessionFile(Path path, TransformerModel model, KvCache cache) {
    this.path = path;
    this.model = model;
    this.cache = cache;
  }

  private static int number(KvCacheType type) {
    return switch (type) {
      case F32 -> 0;
      case F16 -> 1;
    };
  }

  // ---- Writing

  /** Writes the file; {@link AtomicOutput} has the rules for what is replaced. */
  void write(Conversation conversation) throws IOException {
    if (Thread.currentThread().isInterrupted()) {
      throw new ClosedByInterruptException(); // as the channel would
    }
    byte[] model = this.model.fingerprint();
    ByteBuffer content = encode(conversation);
    try (AtomicOutput output = AtomicOutput.ownerOnlyFile(path)) {
      try (FileChannel channel = output.create()) {
        write(channel, model, conversation, content);
      } catch (IOException e) {
        throw output.explained(e);
      }
      output.commit();
    }
  }

  private void write(
      FileChannel channel, byte[] model, Conversation conversation, ByteBuffer content)
      throws IOException {
    int blocks = cache.blockCount(conversation.ids.length);
    ByteBuffer header = littleEndian(HEADER_BYTES);
    header.put(MAGIC).putInt(VERSION).putInt(number(this.model.kvCacheType())).put(model);
    header.putInt(conversation.ids.length).putInt(conversation.messages.size());
    header.putLong(content.capacity()).putLong(cache.blockBytes());
    header.putLong(fileBytes(content.capacity(), blocks));
    header.putInt(crc(content.duplicate())).putInt(crc(header.duplicate().flip())).flip();
    writeFully(channel, header);
    writeFully(channel, content);
    for (int i = 0; i < blocks; i++) {
      try (Arena arena = Arena.ofConfined()) {
        writeBlock(channel, cache.content(i, arena));
      }
    }
  }

  private ByteBuffer encode(Conversation conversation) throws IOException {
    long bytes = 0;
    for (ChatMessage message : conversation.messages) {
      bytes += 2L * Integer.BYTES;
      bytes += (long) Character.BYTES * (message.role().length() + message.content().length());
    }
    if (bytes > MAX_MESSAGE_BYTES) {
      throw new IOException(
          "%s: expected messages of at most %d bytes, found %d; forget the oldest before saving"
              .formatted(path, MAX_MESSAGE_BYTES, bytes));
    }
    ByteBuffer content = littleEndian((int) bytes + Integer.BYTES * conversation.ids.length);
    for (int id : conversation.ids) {
      content.putInt(id);
    }
    for (ChatMessage message : conversation.messages) {
      for (String text : List.of(message.role(), message.content())) {
        content.putInt(text.length());
        for (int i = 0; i < text.length(); i++) {
          content.putChar(text.charAt(i));
        }
      }
    }
    return content.flip();
  }

  private static void writeBlock(FileChannel channel, MemorySegment block) throws IOException {
    CRC32C crc = new CRC32C();
    for (long at = 0; at < block.byteSize(); at += PIECE) {
      ByteBuffer piece = piece(block, at);
      crc.update(piece.duplicate());
      writeFully(channel, piece);
    }
    writeFully(channel, littleEndian(Integer.BYTES).putInt((int) crc.getValue()).flip());
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  // ---- Reading

  /** Fills the cache and returns the rest. */
  Conversation read() throws IOException {
    try (FileChannel channel = RegularFile.open(path)) {
      ByteBuffer header = readHeader(channel);
      int ids = header.getInt(IDS_AT);
      int messages = header.getInt(IDS_AT + Integer.BYTES);
      // Bounded by the context length and the size of the file, which is what the header says.
      ByteBuffer content = littleEndian((int) header.getLong(CONVERSATION_BYTES_AT));
      readFully(channel, content);
      expectChecksum(
          "ids and messages", HEADER_BYTES, header.getInt(CONVERSATION_CHECKSUM_AT), crc(content));
      Conversation conversation = decode(content.rewind(), ids, messages);
      cache.fill(ids, block -> readBlock(channel, block));
      return conversation;
    }
  }

  private ByteBuffer readHeader(FileChannel channel) throws IOException {
    ByteBuffer header = littleEndian(HEADER_BYTES);
    RegularFile.read(path, channel, header);
    header.flip();
    byte[] start = new byte[Math.min(MAGIC.length, header.limit())];
    header.get(0, start);
    if (!Arrays.equals(start, MAGIC)) {
      throw refused("start of the file", 0, "a saved session", "a file of another kind", "");
    }
    if (header.limit() < HEADER_BYTES) {
      throw refused(
          "header", 0, HEADER_BYTES + " bytes", header.limit(), "; the file is cut short");
    }
    int version = header.getInt(VERSION_AT);
    if (version != VERSION) {
      throw refused(
          "version",
          VERSION_AT,
          VERSION,
          version,
          "; the file was saved by another version of bitnet4j, or is damaged");
    }
    int checksum = crc(header.slice(0, CHECKSUM_AT));
    expectChecksum("header", CHECKSUM_AT, header.getInt(CHECKSUM_AT), checksum);
    if (header.getLong(FILE_BYTES_AT) != channel.size()) {
      throw refused(
          "size of the file",
          FILE_BYTES_AT,
          header.getLong(FILE_BYTES_AT) + " bytes",
          channel.size(),
          "; the file is cut short or was changed");
    }
    checkModel(header);
    checkSizes(header);
    return header;
  }

  private void checkModel(ByteBuffer header) throws IOException {
    byte[] found = new byte[MODEL_BYTES];
    header.get(MODEL_AT, found);
    if (!Arrays.equals(found, model.fingerprint())) {
      HexFormat hex = HexFormat.of();
      throw refused(
          "model",
          MODEL_AT,
          "the fingerprint of " + model.info().path() + ", " + hex.formatHex(model.fingerprint()),
          hex.formatHex(found),
          "; restore the session with the model it was saved with");
    }
    int type = header.getInt(TYPE_AT);
    if (type != number(model.kvCacheType())) {
      String name = type == 0 ? "F32" : type == 1 ? "F16" : "number " + type;
      throw refused(
          "type of the KV cache",
          TYPE_AT,
          model.kvCacheType(),
          name,
          "; load the model with LoadOptions.kvCache as it was when the session was saved");
    }
  }

  /** Checks that the context holds the tokens, and that the parts fill the file. */
  private void checkSizes(ByteBuffer header) throws SessionFormatException {
    int ids = header.getInt(IDS_AT);
    if (ids < 0 || ids > cache.contextLength()) {
      throw refused(
          "number of tokens",
          IDS_AT,
          "at most %d (the context length)".formatted(cache.contextLength()),
          ids,
          "; load the model with a larger contextLength");
    }
    long content = header.getLong(CONVERSATION_BYTES_AT);
    long fileBytes = header.getLong(FILE_BYTES_AT);
    if (content < (long) Integer.BYTES * ids
        || content > Math.min(fileBytes, (long) Integer.BYTES * ids + MAX_MESSAGE_BYTES)
        || header.getLong(BLOCK_BYTES_AT) != cache.blockBytes()
        || fileBytes(content, cache.blockCount(ids)) != fileBytes) {
      throw refused(
          "sizes",
          CONVERSATION_BYTES_AT,
          "blocks of %d bytes and parts that fill the file".formatted(cache.blockBytes()),
          "%d bytes of ids and messages, blocks of %d bytes, a file of %d bytes"
              .formatted(content, header.getLong(BLOCK_BYTES_AT), fileBytes),
          DAMAGED + " or of another model");
    }
  }

  private Conversation decode(ByteBuffer content, int idCount, int messageCount)
      throws SessionFormatException {
    int vocabSize = model.info().vocabSize();
    int[] ids = new int[idCount];
    for (int i = 0; i < idCount; i++) {
      ids[i] = content.getInt();
      if (ids[i] < 0 || ids[i] >= vocabSize) {
        int at = HEADER_BYTES + Integer.BYTES * i;
        throw refused("token", at, "an id from 0 to " + (vocabSize - 1), ids[i], DAMAGED);
      }
    }
    List<ChatMessage> messages = new ArrayList<>();
    for (int i = 0; i < messageCount; i++) {
      String role = decodeText(content);
      if (role.isEmpty()) {
        int at = HEADER_BYTES + content.position() - Integer.BYTES;
        throw refused("message " + i, at, "a role", "an empty one", DAMAGED);
      }
      messages.add(new ChatMessage(role, decodeText(content)));
    }
    if (content.hasRemaining() || messageCount < 0) {
      int at = HEADER_BYTES + content.position();
      throw refused("messages", at, messageCount, content.remaining() + " bytes more", DAMAGED);
    }
    return new Conversation(ids, messages);
  }

  private String decodeText(ByteBuffer content) throws SessionFormatException {
    int at = HEADER_BYTES + content.position();
    long left = content.remaining() - (long) Integer.BYTES;
    int chars = left < 0 ? -1 : content.getInt();
    if (chars < 0 || chars > left / Character.BYTES) {
      throw refused("text", at, "its length, at most " + left + " bytes", chars, DAMAGED);
    }
    StringBuilder text = new StringBuilder(chars);
    for (int i = 0; i < chars; i++) {
      text.append(content.getChar());
    }
    return text.toString();
  }

  private void readBlock(FileChannel channel, MemorySegment block) throws IOException {
    long start = channel.position();
    CRC32C crc = new CRC32C();
    for (long at = 0; at < block.byteSize(); at += PIECE) {
      ByteBuffer piece = piece(block, at);
      readFully(channel, piece);
      crc.update(piece);
    }
    ByteBuffer checksum = littleEndian(Integer.BYTES);
    readFully(channel, checksum);
    expectChecksum("block of the KV cache", start, checksum.getInt(0), (int) crc.getValue());
    if (!cache.isFinite(block)) {
      throw refused("block of the KV cache", start, "finite values", "NaN or an infinity", DAMAGED);
    }
  }

  private void readFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    RegularFile.read(path, channel, bytes);
    if (bytes.hasRemaining()) {
      throw refused(
          "end of the file",
          channel.position(),
          bytes.remaining() + " bytes more",
          "none",
          "; the file was cut short while it was read");
    }
    bytes.flip();
  }

  // ---- Both

  private long fileBytes(long contentBytes, int blocks) {
    return HEADER_BYTES + contentBytes + blocks * (cache.blockBytes() + Integer.BYTES);
  }

  private static ByteBuffer littleEndian(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static ByteBuffer piece(MemorySegment block, long at) {
    return block.asSlice(at, Math.min(PIECE, block.byteSize() - at)).asByteBuffer();
  }

  private static int crc(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  private void expectChecksum(String what, long at, int expected, int found)
      throws SessionFormatException {
    if (found != expected) {
      throw refused(
          what, at, "the checksum %08x".formatted(expected), "%08x".formatted(found), DAMAGED);
    }
  }

  private SessionFormatException refused(
      String what, long at, Object expected, Object found, String advice) {
    return new SessionFormatException(
        path,
        "%s at byte %d: expected %s, found %s%s".formatted(what, at, expected, found, advice));
  }
}
