package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.core.logits.TokenMask;
import io.github.bitnet4j.tokenizer.GgufVocabulary;
import io.github.bitnet4j.tokenizer.GgufVocabulary.Utf8Strings;
import io.github.bitnet4j.tokenizer.Tokenizer;
import io.github.bitnet4j.tokenizer.TokenizerFormatException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;

/** Small vocabularies. */
final class TestVocabulary {
  private static final String[] TEXTS = {
    "{\"",
    "\":",
    "\": ",
    "\", \"",
    "\"}",
    "}}",
    "[{",
    "[[",
    "]]",
    "],",
    ", ",
    "{ ",
    "\n  ",
    "true",
    "false",
    "null",
    "tr",
    "ue",
    "123",
    "42",
    "-1",
    "0.",
    ".5",
    "e+",
    "1e",
    "\\\"",
    "\\n",
    "\\u",
    "\\u00",
    "name",
    "age",
    "na",
    "me\":",
    "id",
    "tags",
    "kind",
    "value",
    "next",
    " a",
    "the",
    "aa",
    "aaa",
    "ab",
    "abc",
    "\"a\"",
    "\u00E9",
    "\u4F60\u597D",
    "\uD83D\uDE00",
    "\u00E9\"",
    "2026",
    "-0",
    "-12",
    "T1",
    "Z\"",
    "yes",
    "no"
  };

  private TestVocabulary() {}

  /** Returns all single bytes, texts, parts of characters, and two special tokens. */
  static Tokenizer byteLevel() {
    List<byte[]> tokens = new ArrayList<>();
    IntStream.range(0, 256).forEach(b -> tokens.add(new byte[] {(byte) b}));
    for (String text : TEXTS) {
      tokens.add(text.getBytes(StandardCharsets.UTF_8));
    }
    tokens.add(new byte[] {'"', (byte) 0xE4, (byte) 0xBD}); // the end of a key and half of a 你
    tokens.add(new byte[] {(byte) 0xA0, (byte) 0xF0, (byte) 0x9F});
    tokens.add(new byte[] {(byte) 0x98, (byte) 0x80, '"'});
    tokens.add(new byte[] {(byte) 0xED, (byte) 0xA0, (byte) 0x80}); // a surrogate
    List<byte[]> names = new ArrayList<>();
    int[] types = new int[tokens.size() + 2];
    for (byte[] token : tokens) {
      types[names.size()] = 1;
      names.add(printable(token).getBytes(StandardCharsets.UTF_8));
    }
    for (String special : new String[] {"<|end|>", "<|other|>"}) {
      types[names.size()] = 3;
      names.add(special.getBytes(StandardCharsets.UTF_8));
    }
    return tokenizer("gpt2", names, new float[0], types);
  }

  /** Returns one whose decoder drops the space at the beginning; some tokens have equal bytes. */
  static Tokenizer sentencePiece() {
    List<byte[]> names = new ArrayList<>();
    List<Integer> types = new ArrayList<>();
    for (String special : new String[] {"<unk>", "<s>", "</s>"}) {
      names.add(special.getBytes(StandardCharsets.UTF_8));
      types.add(special.equals("<unk>") ? 2 : 3);
    }
    for (int b = 0; b < 256; b++) {
      names.add("<0x%02X>".formatted(b).getBytes(StandardCharsets.UTF_8));
      types.add(6);
    }
    for (String text :
        new String[] {"\u2581", "\u2581yes", "yes", "\u2581no", "no", "\u2581\u2581"}) {
      names.add(text.getBytes(StandardCharsets.UTF_8));
      types.add(1);
    }
    int[] typeArray = types.stream().mapToInt(Integer::intValue).toArray();
    return tokenizer("llama", names, new float[names.size()], typeArray);
  }

  private static Tokenizer tokenizer(
      String model, List<byte[]> names, float[] scores, int[] types) {
    try {
      return Tokenizer.of(
          new GgufVocabulary(
              "test",
              Optional.of("llama"),
              model,
              Optional.of(model.equals("gpt2") ? "llama-bpe" : "default"),
              strings(names),
              scores,
              types,
              strings(List.of()),
              OptionalInt.empty(),
              OptionalInt.empty(),
              OptionalInt.empty(),
              Optional.empty(),
              Optional.empty(),
              Optional.empty()));
    } catch (TokenizerFormatException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Utf8Strings strings(List<byte[]> strings) {
    return new Utf8Strings() {
      @Override
      public int size() {
        return strings.size();
      }

      @Override
      public byte[] get(int index) {
        return strings.get(index);
      }
    };
  }

  /** Returns bytes in GPT-2's alphabet: those that do not print are moved to U+0100 and above. */
  private static String printable(byte[] bytes) {
    var text = new StringBuilder();
    for (byte b : bytes) {
      int value = b & 0xFF;
      int moved = 0x100;
      for (int i = 0; i < value; i++) {
        moved += prints(i) ? 0 : 1;
      }
      text.appendCodePoint(prints(value) ? value : moved);
    }
    return text.toString();
  }

  private static boolean prints(int b) {
    return b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
  }

  /** Returns one of the ids of a mask; more often one that ends something. */
  static int anyOf(long[] mask, Tokenizer tokenizer, Random random) {
    int[] ids =
        IntStream.range(0, 64 * mask.length).filter(i -> TokenMask.contains(mask, i)).toArray();
    if (random.nextBoolean()) {
      int[] ends =
          IntStream.of(ids)
              .filter(id -> tokenizer.isSpecial(id) || ends(tokenizer.tokenText(id)))
              .toArray();
      ids = ends.length > 0 ? ends : ids;
    }
    return ids[random.nextInt(ids.length)];
  }

  private static boolean ends(String text) {
    return text.endsWith("\"") || text.endsWith("}") || text.endsWith("]") || text.equals(":");
  }
}
