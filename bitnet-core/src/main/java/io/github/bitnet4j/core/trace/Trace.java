package io.github.bitnet4j.core.trace;

import io.github.bitnet4j.Session;
import io.github.bitnet4j.TraceListener;
import io.github.bitnet4j.core.format.DType;
import io.github.bitnet4j.core.format.SafetensorsFile;
import io.github.bitnet4j.core.format.SafetensorsWriter;
import io.github.bitnet4j.core.format.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * Every intermediate value of one forward pass, in the order of computation. Immutable.
 *
 * <pre>{@code
 * Trace ours = Trace.record(session, new int[] {1, 2, 3});
 * TraceComparison comparison = ours.compare(Trace.read(reference), 1e-5);
 * comparison.firstDeparture().ifPresent(System.out::println);
 * }</pre>
 */
public final class Trace {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Map<String, TraceStep> steps;

  private Trace(Map<String, TraceStep> steps) {
    this.steps = steps;
  }

  /**
   * Runs the model over token ids and records all values.
   *
   * @param session see {@link Session#trace}, also for the exceptions
   * @throws java.util.concurrent.CancellationException if it was cancelled before the end
   */
  public static Trace record(Session session, int[] ids) {
    Map<String, TraceStep> steps = new LinkedHashMap<>();
    session.trace(
        ids,
        new TraceListener() {
          @Override
          public void onFloats(String name, int rows, int columns, float[] values) {
            float[] copy = Arrays.copyOf(values, rows * columns);
            steps.put(name, new TraceStep(name, false, rows, columns, copy));
          }

          @Override
          public void onBytes(String name, int rows, int columns, byte[] values) {
            float[] copy = new float[rows * columns];
            for (int i = 0; i < copy.length; i++) {
              copy[i] = values[i];
            }
            steps.put(name, new TraceStep(name, true, rows, columns, copy));
          }
        });
    if (!steps.containsKey("logits")) { // the last step
      throw new CancellationException("the trace was cancelled");
    }
    return new Trace(steps);
  }

  /**
   * Reads a trace from a safetensors file: its two-dimensional tensors of F32 and I8. Others, and
   * empty ones, are left out.
   *
   * @throws io.github.bitnet4j.ModelFormatException if it is no valid safetensors file
   * @throws IOException if reading fails
   */
  public static Trace read(Path file) throws IOException {
    Map<String, TraceStep> steps = new LinkedHashMap<>();
    try (Arena arena = Arena.ofConfined()) {
      for (Tensor tensor : SafetensorsFile.open(file, arena).tensors().values()) {
        boolean int8 = tensor.dtype() == DType.I8;
        long count = tensor.data().byteSize() / tensor.dtype().bytes();
        boolean fits = count > 0 && count <= Integer.MAX_VALUE - 8;
        if (tensor.shape().size() == 2 && fits && (int8 || tensor.dtype() == DType.F32)) {
          steps.put(tensor.name(), read(tensor, int8));
        }
      }
    }
    return new Trace(steps);
  }

  private static TraceStep read(Tensor tensor, boolean int8) {
    MemorySegment data = tensor.data();
    float[] values = new float[(int) (data.byteSize() / tensor.dtype().bytes())];
    for (int i = 0; i < values.length; i++) {
      values[i] = int8 ? data.get(ValueLayout.JAVA_BYTE, i) : data.get(FLOAT, 4L * i);
    }
    int rows = Math.toIntExact(tensor.shape().get(0));
    int columns = Math.toIntExact(tensor.shape().get(1));
    return new TraceStep(tensor.name(), int8, rows, columns, values);
  }

  /**
   * Writes the trace as a safetensors file: F32 tensors, and I8 for quantized inputs.
   *
   * @throws IOException if writing fails; a file that was there before is then unchanged
   */
  public void write(Path file) throws IOException {
    List<SafetensorsWriter.Entry> entries = new ArrayList<>();
    for (TraceStep step : steps.values()) {
      float[] values = step.values();
      byte[] bytes = new byte[Math.multiplyExact(values.length, step.isInt8() ? 1 : Float.BYTES)];
      MemorySegment data = MemorySegment.ofArray(bytes);
      for (int i = 0; i < values.length; i++) {
        if (step.isInt8()) {
          bytes[i] = (byte) values[i];
        } else {
          data.set(FLOAT, 4L * i, values[i]);
        }
      }
      entries.add(
          new SafetensorsWriter.Entry(
              step.name(),
              step.isInt8() ? DType.I8 : DType.F32,
              List.of((long) step.rows(), (long) step.columns()),
              data));
    }
    SafetensorsWriter.write(file, entries);
  }

  /** Returns the steps in the order of computation (of the file, for a trace that was read). */
  public List<TraceStep> steps() {
    return List.copyOf(steps.values());
  }

  /** Returns a step by its name. */
  public Optional<TraceStep> step(String name) {
    return Optional.ofNullable(steps.get(name));
  }

  /**
   * Compares this trace with a reference, step by step in the order of this trace. Steps that only
   * one of them has are left out.
   *
   * @param tolerance largest relative L2 distance of float values that counts as equal; int8 values
   *     must be identical
   */
  public TraceComparison compare(Trace reference, double tolerance) {
    List<TraceComparison.Step> compared = new ArrayList<>();
    for (TraceStep ours : steps.values()) {
      TraceStep theirs = reference.steps.get(ours.name());
      if (theirs != null) {
        compared.add(TraceComparison.Step.compare(ours, theirs, tolerance));
      }
    }
    return new TraceComparison(compared);
  }
}
