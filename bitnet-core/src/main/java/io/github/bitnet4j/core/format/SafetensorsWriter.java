package io.github.bitnet4j.core.format;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Writes safetensors files. */
public final class SafetensorsWriter {
  private SafetensorsWriter() {}

  /**
   * A tensor to be written.
   *
   * @param shape slowest dimension first
   * @param data little-endian elements
   */
  public record Entry(String name, DType dtype, List<Long> shape, MemorySegment data) {
    /** Copies the shape. */
    public Entry {
      shape = List.copyOf(shape);
    }
  }

  /**
   * A tensor to be written that is not in memory as a whole.
   *
   * @param shape slowest dimension first
   * @param content little-endian elements
   */
  public record StreamedEntry(String name, DType dtype, List<Long> shape, TensorContent content) {
    /** Copies the shape. */
    public StreamedEntry {
      shape = List.copyOf(shape);
    }

    /** Returns the size of its data. */
    public long bytes() {
      return shape.stream().reduce((long) dtype.bytes(), Math::multiplyExact);
    }
  }

  /**
   * Writes a file; {@link AtomicOutput} has the rules for what is replaced.
   *
   * @throws IOException if writing fails; a file that was there before is then unchanged
   */
  public static void write(Path file, List<Entry> entries) throws IOException {
    try (AtomicOutput output = AtomicOutput.file(file)) {
      try (OutputStream out = new BufferedOutputStream(Channels.newOutputStream(output.create()))) {
        write(out, Map.of(), entries.stream().map(SafetensorsWriter::streamed).toList());
      } catch (IOException e) {
        throw output.explained(e);
      }
      output.commit();
    }
  }

  /**
   * Writes a file to a stream.
   *
   * @param metadata texts about the file, see {@code __metadata__} of the format; may be empty
   */
  public static void write(
      OutputStream file, Map<String, String> metadata, List<StreamedEntry> entries)
      throws IOException {
    CountingOutput out = new CountingOutput(file);
    byte[] header = header(metadata, entries);
    out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).array());
    out.write(header);
    for (StreamedEntry entry : entries) {
      out.write(entry.name, entry.bytes(), entry.content);
    }
    out.flush();
  }

  private static StreamedEntry streamed(Entry entry) {
    TensorContent content = TensorContent.of(entry.data);
    return new StreamedEntry(entry.name, entry.dtype, entry.shape, content);
  }

  private static byte[] header(Map<String, String> metadata, List<StreamedEntry> entries)
      throws IOException {
    StringWriter text = new StringWriter();
    long offset = 0;
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart("__metadata__");
        for (Map.Entry<String, String> note : metadata.entrySet()) {
          json.writeStringField(note.getKey(), note.getValue());
        }
        json.writeEndObject();
      }
      for (StreamedEntry entry : entries) {
        json.writeObjectFieldStart(entry.name);
        json.writeStringField("dtype", entry.dtype.name());
        json.writeArrayFieldStart("shape");
        for (long dimension : entry.shape) {
          json.writeNumber(dimension);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("data_offsets");
        json.writeNumber(offset);
        offset += entry.bytes();
        json.writeNumber(offset);
        json.writeEndArray();
        json.writeEndObject();
      }
      json.writeEndObject();
    }
    byte[] utf8 = text.toString().getBytes(StandardCharsets.UTF_8);
    byte[] header = Arrays.copyOf(utf8, (utf8.length + 7) / 8 * 8); // readers like data aligned
    Arrays.fill(header, utf8.length, header.length, (byte) ' ');
    return header;
  }
}
