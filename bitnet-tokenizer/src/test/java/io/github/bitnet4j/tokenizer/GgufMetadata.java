package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.GgufVocabulary.Utf8Strings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.GZIPInputStream;

/** As much of a GGUF reader as the tests of vocabularies need; it trusts its files. */
final class GgufMetadata {
  private final ByteBuffer in;
  private final Map<String, Object> values = new LinkedHashMap<>();

  private GgufMetadata(byte[] bytes) {
    in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).position(16);
    long count = in.getLong();
    for (long i = 0; i < count; i++) {
      String key = new String(string(), StandardCharsets.UTF_8);
      values.put(key, value(in.getInt()));
    }
  }

  /** Reads the vocabulary of a file, which may be packed by gzip. */
  static GgufVocabulary read(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    if (file.toString().endsWith(".gz")) {
      try (InputStream unpacked = new GZIPInputStream(Files.newInputStream(file))) {
        bytes = unpacked.readAllBytes();
      }
    }
    return new GgufMetadata(bytes).vocabulary(file.toString());
  }

  private GgufVocabulary vocabulary(String source) {
    var builder =
        GgufVocabulary.builder(
            source,
            Objects.requireNonNull(text("tokenizer.ggml.model")),
            strings("tokenizer.ggml.tokens"));
    if (text("general.architecture") instanceof String architecture) {
      builder.architecture(architecture);
    }
    if (text("tokenizer.ggml.pre") instanceof String pre) {
      builder.pre(pre);
    }
    if (values.get("tokenizer.ggml.scores") instanceof List<?> scores) {
      float[] floats = new float[scores.size()];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = (Float) scores.get(i);
      }
      builder.scores(floats);
    }
    if (values.get("tokenizer.ggml.token_type") instanceof List<?> types) {
      builder.tokenTypes(types.stream().mapToInt(type -> ((Number) type).intValue()).toArray());
    }
    if (values.containsKey("tokenizer.ggml.merges")) {
      builder.merges(strings("tokenizer.ggml.merges"));
    }
    if (values.get("tokenizer.ggml.bos_token_id") instanceof Number id) {
      builder.bosId(id.intValue());
    }
    if (values.get("tokenizer.ggml.eos_token_id") instanceof Number id) {
      builder.eosId(id.intValue());
    }
    if (values.get("tokenizer.ggml.unknown_token_id") instanceof Number id) {
      builder.unknownId(id.intValue());
    }
    if (values.get("tokenizer.ggml.add_bos_token") instanceof Boolean on) {
      builder.addBos(on);
    }
    if (values.get("tokenizer.ggml.add_space_prefix") instanceof Boolean on) {
      builder.addSpacePrefix(on);
    }
    if (text("tokenizer.chat_template") instanceof String template) {
      builder.chatTemplate(template);
    }
    return builder.build();
  }

  private String text(String key) {
    return values.get(key) instanceof byte[] bytes
        ? new String(bytes, StandardCharsets.UTF_8)
        : null;
  }

  private Utf8Strings strings(String key) {
    List<?> strings = (List<?>) values.get(key);
    return new Utf8Strings() {
      @Override
      public int size() {
        return strings.size();
      }

      @Override
      public byte[] get(int index) {
        return (byte[]) strings.get(index);
      }
    };
  }

  private byte[] string() {
    byte[] bytes = new byte[Math.toIntExact(in.getLong())];
    in.get(bytes);
    return bytes;
  }

  private Object value(int type) {
    return switch (type) {
      case 0, 1 -> in.get();
      case 2, 3 -> in.getShort();
      case 4, 5 -> in.getInt();
      case 6 -> in.getFloat();
      case 7 -> in.get() != 0;
      case 8 -> string();
      case 9 -> array();
      case 10, 11 -> in.getLong();
      case 12 -> in.getDouble();
      default -> throw new IllegalArgumentException("type " + type);
    };
  }

  private List<Object> array() {
    int type = in.getInt();
    int count = Math.toIntExact(in.getLong());
    List<Object> elements = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      elements.add(value(type));
    }
    return elements;
  }
}
