package io.github.bitnet4j.core.format;

import io.github.bitnet4j.core.format.EditableGguf.Content;
import io.github.bitnet4j.core.format.GgufValue.ArrayValue;
import io.github.bitnet4j.core.format.GgufValue.BoolValue;
import io.github.bitnet4j.core.format.GgufValue.FloatValue;
import io.github.bitnet4j.core.format.GgufValue.IntValue;
import io.github.bitnet4j.core.format.GgufValue.StringValue;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Makes GGUF files that are wrong in what they say, not only in their bytes: metadata of other
 * types and values, vocabularies that contradict themselves, tensors of other types and shapes. A
 * seed gives the same file each time.
 */
final class GgufMutator {
  private static final int TYPE_STRING = GgufFile.TYPE_STRING;
  private static final int TYPE_I32 = 5;
  private static final int TYPE_F32 = 6;
  private static final int MAX_TEXT = 20_000;

  private static final long[] INTS = {
    0,
    1,
    2,
    -1,
    3,
    7,
    127,
    255,
    256,
    280,
    65_536,
    Integer.MAX_VALUE,
    1L << 32,
    Long.MAX_VALUE,
    Long.MIN_VALUE
  };
  private static final double[] FLOATS = {
    0, 1, -1, 0.5, 1e-40, 1e38, 1e300, Double.NaN, Double.POSITIVE_INFINITY, -0.0
  };
  private static final String[] TEXTS = {
    "",
    "gpt2",
    "llama",
    "bert",
    "llama-bpe",
    "default",
    "qwen2",
    "falcon3",
    "bitnet",
    "bitnet-b1.58",
    "none",
    "linear",
    "silu",
    "a\u0000\u001b[2J\u202e",
    "{% for m in messages %}{{ m.content }}{% endfor %}",
    "{% for m in messages %}",
    "{{ messages[5].content }}",
    "{% set x = range(1000000000) %}{{ x }}",
    "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}",
    "{{ 'a' * 2000000000 }}",
    "\ud800"
  };
  private static final String[] TOKENIZER_KEYS = {
    "tokenizer.ggml.model",
    "tokenizer.ggml.pre",
    "tokenizer.ggml.tokens",
    "tokenizer.ggml.scores",
    "tokenizer.ggml.token_type",
    "tokenizer.ggml.merges",
    "tokenizer.ggml.bos_token_id",
    "tokenizer.ggml.eos_token_id",
    "tokenizer.ggml.eot_token_id",
    "tokenizer.ggml.unknown_token_id",
    "tokenizer.ggml.add_bos_token",
    "tokenizer.ggml.add_space_prefix",
    "tokenizer.chat_template"
  };

  private final Random random;
  private final List<String> done = new ArrayList<>();

  GgufMutator(long seed) {
    random = new Random(seed);
  }

  /** Returns what was done. */
  @Override
  public String toString() {
    return String.join(", ", done);
  }

  /** Returns a changed copy of a complete model with a vocabulary. */
  byte[] model(Path file) throws IOException {
    EditableGguf gguf = EditableGguf.read(file);
    if (random.nextInt(3) == 0) {
      putSentencePieces(gguf);
    }
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      if (random.nextInt(5) == 0) {
        changeTensor(gguf);
      } else {
        changeMetadata(gguf);
      }
    }
    byte[] bytes = gguf.bytes();
    if (random.nextInt(4) > 0) {
      return bytes;
    }
    Mutator mutator = new Mutator(random.nextLong());
    byte[] damaged = mutator.damage(bytes, false);
    done.add(mutator.toString());
    return damaged;
  }

  /** Replaces the vocabulary by one of pieces and bytes, of the size that the model has. */
  private void putSentencePieces(EditableGguf gguf) {
    done.add("a vocabulary of pieces");
    int count = ((ArrayValue) gguf.metadata.get("tokenizer.ggml.tokens")).count();
    List<byte[]> tokens = new ArrayList<>();
    int[] types = new int[count];
    float[] scores = new float[count];
    for (int i = 0; i < count; i++) {
      String piece =
          switch (i) {
            case 0 -> "<unk>";
            case 1 -> "<s>";
            case 2 -> "</s>";
            default -> i < 259 ? "<0x%02X>".formatted(i - 3) : "\u2581" + "abc".repeat(i - 258);
          };
      tokens.add(piece.getBytes(StandardCharsets.UTF_8));
      types[i] = i == 0 ? 2 : i < 3 ? 3 : i < 259 ? 6 : 1;
      scores[i] = -i;
    }
    gguf.metadata.put("tokenizer.ggml.model", new StringValue("llama"));
    gguf.metadata.put("tokenizer.ggml.tokens", strings(tokens));
    gguf.metadata.put("tokenizer.ggml.token_type", ints(types));
    gguf.metadata.put("tokenizer.ggml.scores", floats(scores));
    gguf.metadata.remove("tokenizer.ggml.merges");
  }

  private void changeMetadata(EditableGguf gguf) {
    String key = key(gguf);
    GgufValue old = gguf.metadata.get(key);
    switch (random.nextInt(6)) {
      case 0 -> {
        done.add("remove " + key);
        gguf.metadata.remove(key);
      }
      case 1, 2 -> {
        done.add("replace " + key);
        gguf.metadata.put(key, value());
      }
      case 3 -> {
        List<GgufValue> values = List.copyOf(gguf.metadata.values());
        done.add("copy a value to " + key);
        gguf.metadata.put(key, values.get(random.nextInt(values.size())));
      }
      default -> {
        done.add("edit " + key);
        gguf.metadata.put(key, old == null ? value() : edited(old));
      }
    }
  }

  private String key(EditableGguf gguf) {
    List<String> present = List.copyOf(gguf.metadata.keySet());
    List<String> known = List.copyOf(GgufKeys.RULES.keySet());
    return switch (random.nextInt(5)) {
      case 0 -> present.get(random.nextInt(present.size()));
      case 1 -> "bitnet." + known.get(random.nextInt(known.size()));
      case 2 -> random.nextBoolean() ? "general.type" : "x" + TEXTS[random.nextInt(TEXTS.length)];
      default -> TOKENIZER_KEYS[random.nextInt(TOKENIZER_KEYS.length)];
    };
  }

  private GgufValue value() {
    return switch (random.nextInt(6)) {
      case 0 -> new IntValue(INTS[random.nextInt(INTS.length)]);
      case 1 -> new FloatValue(FLOATS[random.nextInt(FLOATS.length)]);
      case 2 -> new BoolValue(random.nextBoolean());
      case 3 -> ints(random.ints(random.nextInt(300)).toArray());
      case 4 -> strings(List.of(text(), text(), text()));
      default -> new StringValue(TEXTS[random.nextInt(TEXTS.length)]);
    };
  }

  private byte[] text() {
    return switch (random.nextInt(4)) {
      case 0 -> TEXTS[random.nextInt(TEXTS.length)].getBytes(StandardCharsets.UTF_8);
      case 1 -> "\u0120 a b".repeat(random.nextInt(MAX_TEXT / 6)).getBytes(StandardCharsets.UTF_8);
      default -> {
        byte[] bytes = new byte[random.nextInt(12)];
        random.nextBytes(bytes);
        yield bytes;
      }
    };
  }

  private GgufValue edited(GgufValue value) {
    return switch (value) {
      case IntValue(long number) -> new IntValue(number + random.nextInt(-2, 3));
      case FloatValue(double number) -> new FloatValue(-number * random.nextInt(3));
      case BoolValue(boolean on) -> new BoolValue(!on);
      case StringValue(String text) -> new StringValue(edited(text));
      case ArrayValue array ->
          array.elementType() == TYPE_STRING ? editedStrings(array) : editedNumbers(array);
    };
  }

  private String edited(String text) {
    int at = random.nextInt(text.length() + 1);
    String snippet = TEXTS[random.nextInt(TEXTS.length)];
    int end = Math.min(text.length(), at + random.nextInt(5));
    return text.substring(0, at) + snippet + text.substring(end);
  }

  private GgufValue editedStrings(ArrayValue array) {
    List<byte[]> texts = new ArrayList<>();
    ByteBuffer data =
        ByteBuffer.wrap(array.data().toArray(ValueLayout.JAVA_BYTE)).order(ByteOrder.LITTLE_ENDIAN);
    while (texts.size() < array.count()) {
      byte[] text = new byte[(int) data.getLong()];
      data.get(text);
      texts.add(text);
    }
    for (int edits = random.nextInt(1, 5); edits > 0 && !texts.isEmpty(); edits--) {
      int at = random.nextInt(texts.size());
      switch (random.nextInt(4)) {
        case 0 -> texts.remove(at);
        case 1 -> texts.add(at, texts.get(random.nextInt(texts.size())));
        case 2 -> texts.set(at, texts.get(random.nextInt(texts.size())));
        default -> texts.set(at, text());
      }
    }
    return strings(texts);
  }

  private GgufValue editedNumbers(ArrayValue array) {
    byte[] data = array.data().toArray(ValueLayout.JAVA_BYTE);
    if (data.length >= 4 && data.length == 4 * array.count()) {
      if (random.nextInt(3) == 0) {
        int count = random.nextInt(array.count() + 1);
        return new ArrayValue(
            array.elementType(), count, MemorySegment.ofArray(Arrays.copyOf(data, 4 * count)));
      }
      ByteBuffer numbers = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
      for (int edits = random.nextInt(1, 5); edits > 0; edits--) {
        int at = 4 * random.nextInt(array.count());
        numbers.putInt(at, (int) INTS[random.nextInt(INTS.length)]);
      }
    }
    int type = random.nextInt(4) == 0 ? 4 + random.nextInt(3) : array.elementType();
    return new ArrayValue(type, array.count(), MemorySegment.ofArray(data));
  }

  private void changeTensor(EditableGguf gguf) {
    List<String> names = List.copyOf(gguf.tensors.keySet());
    String name = names.get(random.nextInt(names.size()));
    Content old = gguf.tensors.get(name);
    switch (random.nextInt(5)) {
      case 0 -> {
        done.add("remove " + name);
        gguf.tensors.remove(name);
      }
      case 1 -> {
        done.add("rename " + name);
        gguf.tensors.remove(name);
        gguf.tensors.put(name.replace("ffn", "\u001b[2J"), old);
      }
      case 2 -> {
        int type = random.nextInt(45);
        done.add(name + " of type " + type);
        gguf.tensors.put(name, new Content(type, old.dimensions(), old.data()));
      }
      case 3 -> {
        List<Long> dimensions = new ArrayList<>(old.dimensions());
        int at = random.nextInt(dimensions.size());
        dimensions.set(at, INTS[random.nextInt(INTS.length)]);
        done.add(name + " of shape " + dimensions);
        gguf.tensors.put(name, new Content(old.type(), dimensions, old.data()));
      }
      default -> {
        byte[] data = old.data().clone();
        int from = random.nextInt(data.length);
        int to = Math.min(data.length, from + 1 + random.nextInt(64));
        Arrays.fill(data, from, to, (byte) random.nextInt());
        done.add("bytes %d to %d of %s".formatted(from, to, name));
        gguf.tensors.put(name, new Content(old.type(), old.dimensions(), data));
      }
    }
  }

  // ---- Bytes without a model

  /** Returns bytes that begin like a GGUF file: a header, and entries that may be anything. */
  byte[] bytes() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteBuffer header = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    int entries = random.nextInt(6);
    int tensors = random.nextInt(4);
    header.put("GGUF".getBytes(StandardCharsets.US_ASCII));
    header.putInt(random.nextInt(10) == 0 ? random.nextInt() : 2 + random.nextInt(2));
    header.putLong(random.nextInt(8) == 0 ? number() : tensors);
    header.putLong(random.nextInt(8) == 0 ? number() : entries);
    out.writeBytes(header.array());
    for (int i = 0; i < entries; i++) {
      putText(out);
      putValue(out, random.nextInt(random.nextInt(8) == 0 ? 20 : 13), 0);
    }
    for (int i = 0; i < tensors; i++) {
      putText(out);
      int dimensions = random.nextInt(6);
      putInt(out, dimensions);
      for (int d = 0; d < dimensions; d++) {
        putLong(out, random.nextInt(3) == 0 ? number() : random.nextInt(300));
      }
      putInt(out, random.nextInt(45));
      putLong(out, random.nextInt(3) == 0 ? number() : 32L * random.nextInt(20));
    }
    byte[] rest = new byte[random.nextInt(2000)];
    random.nextBytes(rest);
    out.writeBytes(rest);
    done.add("%d entries, %d tensors, %d bytes".formatted(entries, tensors, out.size()));
    return random.nextInt(10) == 0
        ? Arrays.copyOf(out.toByteArray(), random.nextInt(out.size()))
        : out.toByteArray();
  }

  private long number() {
    return random.nextBoolean() ? INTS[random.nextInt(INTS.length)] : random.nextLong();
  }

  private void putText(ByteArrayOutputStream out) {
    byte[] text =
        random.nextInt(3) == 0
            ? "general.architecture".getBytes(StandardCharsets.US_ASCII)
            : text();
    putLong(out, random.nextInt(20) == 0 ? number() : text.length);
    out.writeBytes(text);
  }

  private void putValue(ByteArrayOutputStream out, int type, int depth) {
    putInt(out, type);
    if (type == TYPE_STRING) {
      putText(out);
    } else if (type == 9) {
      int element = random.nextInt(13);
      int count = random.nextInt(4);
      if (element == 9 && depth < 8) {
        putInt(out, element);
        putLong(out, 1);
        putValue(out, 9, depth + 1);
      } else {
        putInt(out, element);
        putLong(out, random.nextInt(6) == 0 ? number() : count);
        byte[] data = new byte[random.nextInt(64)];
        random.nextBytes(data);
        out.writeBytes(data);
      }
    } else {
      int bytes =
          switch (type) {
            case 0, 1, 7 -> 1;
            case 2, 3 -> 2;
            case 4, 5, 6 -> 4;
            default -> 8;
          };
      for (int i = 0; i < bytes; i++) {
        out.write(random.nextInt(3) == 0 ? random.nextInt() : 0);
      }
    }
  }

  private static void putInt(ByteArrayOutputStream out, int value) {
    out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }

  private static void putLong(ByteArrayOutputStream out, long value) {
    out.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
  }

  private static ArrayValue strings(List<byte[]> texts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] text : texts) {
      putLong(out, text.length);
      out.writeBytes(text);
    }
    return new ArrayValue(TYPE_STRING, texts.size(), MemorySegment.ofArray(out.toByteArray()));
  }

  private static ArrayValue ints(int... numbers) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(numbers);
    return new ArrayValue(TYPE_I32, numbers.length, MemorySegment.ofArray(bytes.array()));
  }

  private static ArrayValue floats(float... numbers) {
    return new ArrayValue(
        TYPE_F32, numbers.length, MemorySegment.ofArray(EditableGguf.littleEndian(numbers)));
  }
}
