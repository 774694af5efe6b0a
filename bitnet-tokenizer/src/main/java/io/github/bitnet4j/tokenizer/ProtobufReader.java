package io.github.bitnet4j.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Reads the fields of one message in Protocol Buffers' wire format, one after the other. After
 * {@link #next} exactly one method takes the value. Belongs to one thread.
 */
final class ProtobufReader {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  private final byte[] bytes;
  private final int end;
  private int at;
  private int field;
  private int wireType;

  /** Creates a reader of the bytes from {@code from} to {@code to}. */
  ProtobufReader(byte[] bytes, int from, int to) {
    this.bytes = bytes;
    this.at = from;
    this.end = to;
  }

  /** Goes to the next field; returns false after the last. */
  boolean next() throws VocabularyException {
    if (at == end) {
      return false;
    }
    long tag = readVarint();
    wireType = (int) (tag & 7);
    long number = tag >>> 3;
    if (number < 1 || number >= 1 << 29) {
      throw fault("a field number from 1 to 536870911", String.valueOf(number));
    }
    field = (int) number;
    return true;
  }

  /** Returns the number of the field. */
  int field() {
    return field;
  }

  /** Takes an integer, boolean or enum. */
  long varint() throws VocabularyException {
    require(VARINT);
    return readVarint();
  }

  /** Takes a float. */
  float float32() throws VocabularyException {
    require(FIXED32);
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getFloat(advance(4));
  }

  /** Takes a string. */
  String text() throws VocabularyException {
    int length = length();
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes, at - length, length))
          .toString();
    } catch (CharacterCodingException e) {
      throw fault("UTF-8 in field " + field, "other bytes");
    }
  }

  /** Takes a message. */
  ProtobufReader message() throws VocabularyException {
    int length = length();
    return new ProtobufReader(bytes, at - length, at);
  }

  /** Takes bytes; returns only how many. */
  int length() throws VocabularyException {
    require(BYTES);
    int length = readLength();
    advance(length);
    return length;
  }

  /** Takes a value of any type and drops it. */
  void skip() throws VocabularyException {
    switch (wireType) {
      case VARINT -> readVarint();
      case FIXED64 -> advance(8);
      case BYTES -> advance(readLength());
      case FIXED32 -> advance(4);
      default -> throw fault("a value in field " + field, "wire type " + wireType);
    }
  }

  private void require(int expected) throws VocabularyException {
    if (wireType != expected) {
      throw fault("wire type " + expected + " in field " + field, String.valueOf(wireType));
    }
  }

  private int readLength() throws VocabularyException {
    long length = readVarint();
    if (length < 0 || length > end - at) {
      throw fault("at most " + (end - at) + " bytes in field " + field, String.valueOf(length));
    }
    return (int) length;
  }

  private long readVarint() throws VocabularyException {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      byte b = bytes[advance(1)];
      value |= (b & 0x7FL) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw fault("an integer of at most 10 bytes", "more");
  }

  /** Returns where the next bytes begin, and goes behind them. */
  private int advance(int count) throws VocabularyException {
    if (count > end - at) {
      throw fault(count + " more bytes", "the end of the message");
    }
    int start = at;
    at += count;
    return start;
  }

  private VocabularyException fault(String expected, String found) {
    return new VocabularyException("byte " + at + ": expected " + expected + ", found " + found);
  }
}
