package io.github.bitnet4j.core.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.zip.CRC32C;

/** Prepared files and session files that are changed at will, and then get right checksums. */
public final class SealedFile {
  private static final long[] NUMBERS = {
    0,
    1,
    2,
    3,
    -1,
    63,
    64,
    1 << 20,
    1 << 28,
    Integer.MAX_VALUE - 8,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    1L << 32,
    1L << 62,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    0x7FC00000L,
    0x7F800000L
  };

  private static final int PIECE = 1 << 22;
  private static final int SESSION_HEADER = 88;

  private SealedFile() {}

  /** Changes one to four places: bytes, numbers, or the length. */
  public static byte[] mutate(byte[] whole, int headerBytes, Random random) {
    byte[] bytes = whole.clone();
    ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int change = random.nextInt(4); change >= 0; change--) {
      int reach = random.nextBoolean() ? Math.min(headerBytes, bytes.length) : bytes.length;
      int at = 8 + random.nextInt(reach - 16);
      int aligned = at / 4 * 4;
      long number = NUMBERS[random.nextInt(NUMBERS.length)] + random.nextInt(3) - 1;
      switch (random.nextInt(5)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt();
        case 2 -> file.putInt(aligned, (int) number);
        case 3 -> file.putLong(aligned, number);
        default -> file.putInt(aligned, file.getInt(aligned) + random.nextInt(9) - 4);
      }
    }
    if (random.nextInt(8) == 0) {
      return java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length + 200));
    }
    return bytes;
  }

  /** Makes all checksums of a prepared file right that the file has room for. */
  public static void sealPrepared(byte[] bytes, int sections) {
    ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int end = 56 + 32 * sections;
    if (bytes.length < end + 4) {
      return;
    }
    for (int i = 0; i < sections; i++) {
      int at = 56 + 32 * i;
      long offset = file.getLong(at + 8);
      long length = file.getLong(at + 16);
      if (offset >= 0 && length >= 0 && length <= bytes.length - offset) {
        ByteBuffer pieces = ByteBuffer.allocate((int) Math.ceilDiv(length, PIECE) * 4);
        for (long piece = 0; piece < length; piece += PIECE) {
          pieces.putInt(crc(file, (int) (offset + piece), (int) Math.min(PIECE, length - piece)));
        }
        file.putInt(at + 24, crc(pieces, 0, pieces.capacity()));
      }
    }
    file.putLong(48, bytes.length);
    file.putInt(end, crc(file, 0, end));
  }

  /** Makes all checksums of a session file right that the file has room for. */
  public static void sealSession(byte[] bytes, int blockBytes) {
    ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.length < SESSION_HEADER) {
      return;
    }
    long content = file.getLong(56);
    if (content >= 0 && content <= bytes.length - SESSION_HEADER) {
      file.putInt(80, crc(file, SESSION_HEADER, (int) content));
      int at = SESSION_HEADER + (int) content;
      for (; at <= bytes.length - blockBytes - 4; at += blockBytes + 4) {
        file.putInt(at + blockBytes, crc(file, at, blockBytes));
      }
    }
    file.putInt(84, crc(file, 0, 84));
  }

  private static int crc(ByteBuffer file, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(file.array(), from, length);
    return (int) crc.getValue();
  }
}
