package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.GgufVocabulary.Utf8Strings;
import io.github.bitnet4j.tokenizer.file.RegularFile;
import io.github.bitnet4j.tokenizer.json.JsonStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Reads the keys {@code tokenizer.*} of a GGUF file, one after the other from its start, and
 * nothing of the tensors behind them. Sizes are checked before memory is taken for them.
 */
final class GgufMetadataReader {
  private static final byte[] MAGIC = {'G', 'G', 'U', 'F'};
  private static final int TYPE_BOOL = 7;
  private static final int TYPE_STRING = 8;
  private static final int TYPE_ARRAY = 9;

  /** Bytes of the values of each type; 0 for strings and arrays. */
  private static final int[] SIZES = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

  private static final int MAX_KEYS = 1 << 16;
  private static final int MAX_KEY_BYTES = 1 << 16;
  private static final int MAX_STRING_BYTES = 1 << 20;
  private static final int MAX_ELEMENTS = 1 << 20;
  private static final long MAX_BYTES = 1L << 28;

  private final Path file;
  private final InputStream in;
  private long bytesLeft = MAX_BYTES;
  private String key = "header";
  private final Map<String, Object> values = new HashMap<>();

  private GgufMetadataReader(Path file, InputStream in) {
    this.file = file;
    this.in = in;
  }

  /** Returns whether a file starts like a GGUF file. */
  static boolean isGguf(Path file) throws IOException {
    try (InputStream in = Channels.newInputStream(RegularFile.open(file))) {
      return Arrays.equals(in.readNBytes(MAGIC.length), MAGIC);
    }
  }

  /**
   * Reads the vocabulary of a file.
   *
   * @throws TokenizerFormatException if the file is damaged or has no vocabulary
   */
  static GgufVocabulary read(Path file) throws IOException {
    try (InputStream in =
        new BufferedInputStream(Channels.newInputStream(RegularFile.open(file)), 1 << 16)) {
      GgufMetadataReader reader = new GgufMetadataReader(file, in);
      reader.readKeys();
      return reader.vocabulary();
    }
  }

  private void readKeys() throws IOException {
    bytes(MAGIC.length);
    long version = number(4);
    if (version < 2 || version > 3) {
      throw fault("expected GGUF version 2 or 3, found " + version);
    }
    number(8); // of tensors
    long count = number(8);
    if (count < 0 || count > MAX_KEYS) {
      throw fault("expected at most " + MAX_KEYS + " keys, found " + count);
    }
    for (long i = 0; i < count; i++) {
      key = "key " + i;
      String name = new String(string(MAX_KEY_BYTES), StandardCharsets.UTF_8);
      key = JsonStream.excerpt(name);
      int type = type();
      if (name.startsWith("tokenizer.") || name.equals("general.architecture")) {
        if (values.put(name, value(type)) != null) {
          throw fault("expected it once, found it twice");
        }
      } else {
        skip(type);
      }
    }
  }

  private int type() throws IOException {
    long type = number(4);
    if (type < 0 || type >= SIZES.length) {
      throw fault("expected a type from 0 to " + (SIZES.length - 1) + ", found " + type);
    }
    return (int) type;
  }

  /** Reads a Long, Boolean, byte[], or a list of these; floats as their bits. */
  private Object value(int type) throws IOException {
    return switch (type) {
      case TYPE_BOOL -> bytes(1)[0] != 0;
      case TYPE_STRING -> string(MAX_STRING_BYTES);
      case TYPE_ARRAY -> {
        int elementType = type();
        long count = count();
        List<Object> elements = new ArrayList<>();
        for (long i = 0; i < count; i++) {
          elements.add(value(elementType == TYPE_ARRAY ? unsupportedArray() : elementType));
        }
        yield new Elements(elementType, elements);
      }
      default -> number(SIZES[type]);
    };
  }

  /** The elements of an array. */
  private record Elements(int type, List<Object> values) {}

  private int unsupportedArray() throws TokenizerFormatException {
    throw fault("expected no arrays in an array, found one");
  }

  private void skip(int type) throws IOException {
    if (type == TYPE_STRING) {
      skipBytes(number(8));
    } else if (type == TYPE_ARRAY) {
      int elementType = type();
      long count = number(8);
      if (elementType == TYPE_ARRAY) {
        unsupportedArray();
      } else if (elementType != TYPE_STRING) {
        skipBytes(count < 0 || count > MAX_BYTES ? MAX_BYTES + 1 : count * SIZES[elementType]);
      } else {
        for (long i = 0; i < count; i++) {
          skipBytes(number(8));
        }
      }
    } else {
      skipBytes(SIZES[type]);
    }
  }

  private long count() throws IOException {
    long count = number(8);
    if (count < 0 || count > MAX_ELEMENTS) {
      throw fault("expected at most " + MAX_ELEMENTS + " elements, found " + count);
    }
    return count;
  }

  private byte[] string(int maxBytes) throws IOException {
    long length = number(8);
    if (length < 0 || length > maxBytes) {
      throw fault("expected a string of at most " + maxBytes + " bytes, found " + length);
    }
    return bytes((int) length);
  }

  /** Reads a little-endian number. */
  private long number(int size) throws IOException {
    byte[] bytes = bytes(size);
    long number = 0;
    for (int i = size - 1; i >= 0; i--) {
      number = number << 8 | bytes[i] & 0xFF;
    }
    return number;
  }

  private byte[] bytes(int count) throws IOException {
    take(count);
    byte[] bytes = in.readNBytes(count);
    if (bytes.length < count) {
      throw endOfFile();
    }
    return bytes;
  }

  private void skipBytes(long count) throws IOException {
    take(count);
    for (long left = count; left > 0; ) {
      long skipped = in.skip(left);
      if (skipped == 0 && in.read() < 0) {
        throw endOfFile();
      }
      left -= Math.max(1, skipped);
    }
  }

  private void take(long count) throws TokenizerFormatException {
    if (count < 0 || count > bytesLeft) {
      throw fault("expected at most " + MAX_BYTES + " bytes of metadata, found more");
    }
    bytesLeft -= count;
  }

  private TokenizerFormatException endOfFile() {
    return fault("the file ends inside its metadata; it looks truncated, download it again");
  }

  private TokenizerFormatException fault(String fault) {
    return new TokenizerFormatException(file + ": " + key + ": " + fault);
  }

  private GgufVocabulary vocabulary() throws TokenizerFormatException {
    GgufVocabulary.Builder builder =
        GgufVocabulary.builder(
            file.toString(),
            required("tokenizer.ggml.model", text("tokenizer.ggml.model")),
            required("tokenizer.ggml.tokens", strings("tokenizer.ggml.tokens")));
    String architecture = text("general.architecture");
    if (architecture != null) {
      builder.architecture(architecture);
    }
    String pre = text("tokenizer.ggml.pre");
    if (pre != null) {
      builder.pre(pre);
    }
    Elements scores = elements("tokenizer.ggml.scores", 6, "32-bit floats");
    if (scores != null) {
      float[] floats = new float[scores.values().size()];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = Float.intBitsToFloat(((Long) scores.values().get(i)).intValue());
      }
      builder.scores(floats);
    }
    Elements types = elements("tokenizer.ggml.token_type", 5, "32-bit integers");
    if (types != null) {
      builder.tokenTypes(types.values().stream().mapToInt(t -> ((Long) t).intValue()).toArray());
    }
    Utf8Strings merges = strings("tokenizer.ggml.merges");
    if (merges != null) {
      builder.merges(merges);
    }
    id("tokenizer.ggml.bos_token_id").ifPresent(builder::bosId);
    id("tokenizer.ggml.eos_token_id").ifPresent(builder::eosId);
    id("tokenizer.ggml.unknown_token_id").ifPresent(builder::unknownId);
    Boolean addBos = flag("tokenizer.ggml.add_bos_token");
    if (addBos != null) {
      builder.addBos(addBos);
    }
    Boolean addSpace = flag("tokenizer.ggml.add_space_prefix");
    if (addSpace != null) {
      builder.addSpacePrefix(addSpace);
    }
    String template = text("tokenizer.chat_template");
    if (template != null) {
      builder.chatTemplate(template);
    }
    return builder.build();
  }

  private <T> T required(String name, @Nullable T value) throws TokenizerFormatException {
    if (value == null) {
      throw wrong(name, "the vocabulary of a tokenizer");
    }
    return value;
  }

  private TokenizerFormatException wrong(String name, String expected) {
    boolean there = values.containsKey(name);
    return new TokenizerFormatException(
        file
            + ": "
            + name
            + ": expected "
            + expected
            + ", found "
            + (there ? "another value" : "nothing"));
  }

  private @Nullable String text(String name) throws TokenizerFormatException {
    Object value = values.get(name);
    if (value == null) {
      return null;
    }
    if (value instanceof byte[] utf8) {
      return new String(utf8, StandardCharsets.UTF_8);
    }
    throw wrong(name, "a string");
  }

  private @Nullable Boolean flag(String name) throws TokenizerFormatException {
    Object value = values.get(name);
    if (value == null || value instanceof Boolean) {
      return (Boolean) value;
    }
    throw wrong(name, "true or false");
  }

  private OptionalInt id(String name) throws TokenizerFormatException {
    Object value = values.get(name);
    if (value == null) {
      return OptionalInt.empty();
    }
    if (value instanceof Long id && id >= 0 && id <= TokenTable.MAX_ID) {
      return OptionalInt.of(id.intValue());
    }
    throw wrong(name, "an id from 0 to " + TokenTable.MAX_ID);
  }

  private @Nullable Elements elements(String name, int type, String expected)
      throws TokenizerFormatException {
    Object value = values.get(name);
    if (value == null) {
      return null;
    }
    if (value instanceof Elements elements && elements.type() == type) {
      return elements;
    }
    throw wrong(name, expected);
  }

  private @Nullable Utf8Strings strings(String name) throws TokenizerFormatException {
    Elements elements = elements(name, TYPE_STRING, "strings");
    if (elements == null) {
      return null;
    }
    List<Object> values = elements.values();
    return new Utf8Strings() {
      @Override
      public int size() {
        return values.size();
      }

      @Override
      public byte[] get(int index) {
        return (byte[]) values.get(index);
      }
    };
  }
}
