package io.github.bitnet4j.core.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Damages files, always in the same way for a seed. */
final class Mutator {
  private static final long[] NUMBERS = {
    0,
    1,
    2,
    -1,
    7,
    255,
    256,
    65_535,
    1 << 20,
    1 << 28,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    0xFFFF_FFFFL,
    1L << 32,
    1L << 40,
    1L << 62,
    Long.MAX_VALUE,
    Long.MIN_VALUE
  };
  private static final String[] JSON_VALUES = {
    "0",
    "1",
    "-1",
    "3",
    "0.5",
    "1e-9",
    "1e400",
    "1e999999999",
    "2147483647",
    "2147483648",
    "9223372036854775807",
    "99999999999999999999999",
    "-0",
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
    "\"x\"",
    "\"\\ud800\"",
    "[1,2]",
    "[[[[[[[[[[]]]]]]]]]]",
    "{\"a\":{\"a\":1,\"a\":2}}",
    "NaN"
  };
  private static final Pattern JSON_VALUE =
      Pattern.compile("-?\\d[\\d.eE+-]*|\"[^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+\"|true|false|null");

  /** How far into a file most of the damage goes: headers are where sizes are. */
  private static final int HEAD = 3000;

  private final Random random;
  private final List<String> done = new ArrayList<>();

  Mutator(long seed) {
    random = new Random(seed);
  }

  /** Returns what was done. */
  @Override
  public String toString() {
    return String.join(", ", done);
  }

  /** Damages a file in one to three ways. */
  byte[] damage(byte[] bytes, boolean json) {
    byte[] damaged = bytes;
    int times = 1 + random.nextInt(3) * random.nextInt(2);
    for (int i = 0; i < times; i++) {
      damaged = json && random.nextInt(3) > 0 ? replaceValue(damaged) : once(damaged);
    }
    return damaged;
  }

  /** Damages the header of a safetensors file as JSON; its length stays right. */
  byte[] damageHeader(byte[] file) {
    int length = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    byte[] header = damage(Arrays.copyOfRange(file, 8, 8 + length), true);
    ByteBuffer out =
        ByteBuffer.allocate(file.length - length + header.length).order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(header.length).put(header).put(file, 8 + length, file.length - 8 - length);
    return out.array();
  }

  private byte[] once(byte[] bytes) {
    if (bytes.length < 16) {
      done.add("extend " + bytes.length + " bytes to 16");
      return Arrays.copyOf(bytes, 16);
    }
    return switch (random.nextInt(7)) {
      case 0 -> {
        int length = random.nextBoolean() ? at(bytes) : random.nextInt(bytes.length);
        done.add("truncate to " + length);
        yield Arrays.copyOf(bytes, length);
      }
      case 1 -> {
        int more = 1 << random.nextInt(13);
        byte[] longer = Arrays.copyOf(bytes, bytes.length + more);
        if (random.nextBoolean()) {
          Arrays.fill(longer, bytes.length, longer.length, (byte) random.nextInt());
        }
        done.add("extend by " + more);
        yield longer;
      }
      case 2 -> splice(bytes);
      case 3, 4 -> resize(bytes.clone());
      default -> {
        byte[] flipped = bytes.clone();
        int flips = 1 + random.nextInt(4);
        for (int i = 0; i < flips; i++) {
          int at = at(bytes);
          flipped[at] ^= (byte) (1 << random.nextInt(8));
          done.add("flip a bit of byte " + at);
        }
        yield flipped;
      }
    };
  }

  private int at(byte[] bytes) {
    int among =
        switch (random.nextInt(4)) {
          case 0, 1 -> HEAD;
          case 2 -> 10 * HEAD;
          default -> bytes.length;
        };
    return random.nextInt(Math.min(among, bytes.length));
  }

  /** Puts some bytes of the file into another place of it; nothing put there removes. */
  private byte[] splice(byte[] bytes) {
    int from = at(bytes);
    int put = random.nextInt(Math.min(200, bytes.length - from) + 1);
    int to = at(bytes);
    int removed = random.nextInt(Math.min(200, bytes.length - to) + 1);
    done.add("put %d bytes from %d over %d at %d".formatted(put, from, removed, to));
    return ByteBuffer.allocate(bytes.length + put - removed)
        .put(bytes, 0, to)
        .put(bytes, from, put)
        .put(bytes, to + removed, bytes.length - to - removed)
        .array();
  }

  /** Changes what looks like a count, a length or an offset. */
  private byte[] resize(byte[] bytes) {
    ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    for (int tries = 0; tries < 100; tries++) {
      at = Math.min(at(bytes), bytes.length - 8);
      long there = view.getLong(at);
      if (there > 0 && there < 1 << 24) {
        break;
      }
    }
    long old = view.getLong(at);
    long number =
        switch (random.nextInt(3)) {
          case 0 -> old + random.nextInt(-3, 4);
          case 1 -> old * random.nextInt(2, 9);
          default -> NUMBERS[random.nextInt(NUMBERS.length)];
        };
    if (random.nextBoolean()) {
      view.putLong(at, number);
    } else {
      view.putInt(at, (int) number);
    }
    done.add("number at byte %d from %d to %d".formatted(at, old, number));
    return bytes;
  }

  private byte[] replaceValue(byte[] json) {
    String text = new String(json, StandardCharsets.ISO_8859_1);
    List<MatchResult> values =
        JSON_VALUE.matcher(text.substring(0, Math.min(text.length(), 20_000))).results().toList();
    if (values.isEmpty()) {
      return once(json);
    }
    MatchResult value = values.get(random.nextInt(values.size()));
    String replacement =
        switch (random.nextInt(4)) {
          case 0 -> values.get(random.nextInt(values.size())).group();
          default -> JSON_VALUES[random.nextInt(JSON_VALUES.length)];
        };
    done.add(
        "%s at byte %d becomes %s"
            .formatted(abbreviated(value.group()), value.start(), abbreviated(replacement)));
    String changed = text.substring(0, value.start()) + replacement + text.substring(value.end());
    return changed.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String abbreviated(String text) {
    return text.length() <= 60 ? text : text.substring(0, 57) + "...";
  }
}
