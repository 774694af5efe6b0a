package io.github.bitnet4j.core.format;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Writes the bytes of a tensor, piece by piece, so that it need not be in memory as a whole. */
@FunctionalInterface
public interface TensorContent {
  /** Writes all bytes, as many as type and shape of the tensor ask for. */
  void writeTo(OutputStream out) throws IOException;

  /** Returns bytes that are there already. */
  static TensorContent of(MemorySegment data) {
    return out -> {
      byte[] chunk = new byte[(int) Math.min(1 << 20, data.byteSize())];
      for (long at = 0; at < data.byteSize(); at += chunk.length) {
        int bytes = (int) Math.min(chunk.length, data.byteSize() - at);
        MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at, chunk, 0, bytes);
        out.write(chunk, 0, bytes);
      }
    };
  }
}
