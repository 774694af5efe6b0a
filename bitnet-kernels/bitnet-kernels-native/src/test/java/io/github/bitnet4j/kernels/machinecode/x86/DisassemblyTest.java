package io.github.bitnet4j.kernels.machinecode.x86;

import static io.github.bitnet4j.kernels.machinecode.x86.VectorOp.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.bitnet4j.kernels.machinecode.x86.X86Assembler.Condition;
import io.github.bitnet4j.kernels.machinecode.x86.X86Assembler.Label;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the assembler writes, read back by GNU {@code objdump} (package binutils). */
class DisassemblyTest {
  private static final List<Gp> REGISTERS = List.of(Gp.values());

  @TempDir Path temp;

  @BeforeEach
  void requireObjdump() throws IOException {
    boolean found;
    try {
      found = new ProcessBuilder("objdump", "--version").start().getInputStream().read() >= 0;
    } catch (IOException e) {
      found = false;
    }
    assumeTrue(found, "objdump (package binutils) is not installed");
  }

  /** Returns the instructions, one a line, in Intel's syntax with single spaces. */
  private List<String> disassemble(byte[] code) throws IOException {
    Path file = temp.resolve("code.bin");
    Files.write(file, code);
    Process process =
        new ProcessBuilder(
                "objdump",
                "-D",
                "-b",
                "binary",
                "-m",
                "i386:x86-64",
                "-M",
                "intel",
                "--no-show-raw-insn",
                file.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    List<String> instructions = new ArrayList<>();
    for (String line : output.lines().toList()) {
      String[] parts = line.strip().split(":\\s+", 2);
      if (parts.length == 2 && parts[0].matches("[0-9a-f]+")) {
        String instruction = parts[1].replaceAll("\\s+", " ").strip();
        // Newer versions of objdump name an element for all lanes differently.
        instructions.add(instruction.replaceAll("PTR (\\[[^]]*])\\{1to\\d+}", "BCST $1"));
      }
    }
    return instructions;
  }

  private void check(Consumer<X86Assembler> listing, List<String> expected) throws IOException {
    X86Assembler asm = new X86Assembler();
    listing.accept(asm);
    assertThat(disassemble(asm.code())).isEqualTo(expected);
  }

  private static String name(Gp register) {
    return register.name().toLowerCase(Locale.ROOT);
  }

  private static String name32(Gp register) {
    String name = name(register);
    return register.number < 8 ? "e" + name.substring(1) : name + "d";
  }

  private static String name(Vec register) {
    return (register.bits() == 128 ? "x" : register.bits() == 256 ? "y" : "z")
        + "mm"
        + register.number();
  }

  private static String hex(int value) {
    return value < 0 ? "-0x" + Integer.toHexString(-value) : "+0x" + Integer.toHexString(value);
  }

  private static String address(Mem place) {
    String index = place.index() == null ? "" : "+" + name(place.index()) + "*" + place.scale();
    return name(place.base()) + index;
  }

  private static String sized(String size, Mem place) {
    String displacement = place.displacement() == 0 ? "" : hex(place.displacement());
    return (size.isEmpty() ? "" : size + " PTR ") + "[" + address(place) + displacement + "]";
  }

  /** Every base and every index, with displacements of all lengths. */
  private static List<Mem> places() {
    List<Mem> places = new ArrayList<>();
    for (Gp base : REGISTERS) {
      for (int displacement : new int[] {0, 8, -128, 127, 128, 0x12345}) {
        if (displacement != 0 || (base != Gp.RBP && base != Gp.R13)) {
          places.add(Mem.at(base, displacement));
        }
      }
      Gp index = REGISTERS.get((base.number + 5) % 16);
      if (index != Gp.RSP && base != Gp.RBP && base != Gp.R13) {
        places.add(Mem.at(base, index, 1 << base.number % 4, base.number * 16));
      }
    }
    return places;
  }

  @Test
  void generalInstructionsWithEveryRegister() throws IOException {
    List<String> expected = new ArrayList<>();
    check(
        asm -> {
          for (Gp to : REGISTERS) {
            Gp from = REGISTERS.get((to.number + 7) % 16);
            asm.mov(to, from);
            expected.add("mov " + name(to) + "," + name(from));
            asm.mov32(to, from);
            expected.add("mov " + name32(to) + "," + name32(from));
            asm.mov32(to, 0x12345678);
            expected.add("mov " + name32(to) + ",0x12345678");
            asm.add(to, from);
            expected.add("add " + name(to) + "," + name(from));
            asm.sub(to, from);
            expected.add("sub " + name(to) + "," + name(from));
            asm.xor(to, from);
            expected.add("xor " + name(to) + "," + name(from));
            asm.cmp(to, from);
            expected.add("cmp " + name(to) + "," + name(from));
            asm.imul(to, from);
            expected.add("imul " + name(to) + "," + name(from));
            asm.add(to, 0x1234);
            expected.add("add " + name(to) + ",0x1234");
            asm.sub(to, 0x1234);
            expected.add("sub " + name(to) + ",0x1234");
            asm.and(to, 0x1234);
            expected.add("and " + name(to) + ",0x1234");
            asm.cmp(to, 0x1234);
            expected.add("cmp " + name(to) + ",0x1234");
            asm.shl(to, 5);
            expected.add("shl " + name(to) + ",0x5");
            asm.shr(to, 5);
            expected.add("shr " + name(to) + ",0x5");
            asm.push(to);
            expected.add("push " + name(to));
            asm.pop(to);
            expected.add("pop " + name(to));
          }
          asm.cpuid();
          asm.xgetbv();
          asm.syscall();
          asm.ret();
          asm.vzeroupper();
          asm.tilerelease();
          expected.addAll(
              List.of("cpuid", "xgetbv", "syscall", "ret", "vzeroupper", "tilerelease"));
        },
        expected);
  }

  @Test
  void generalInstructionsWithEveryPlaceInMemory() throws IOException {
    List<String> expected = new ArrayList<>();
    check(
        asm -> {
          for (Mem place : places()) {
            Gp register = REGISTERS.get((place.base().number + 3) % 16);
            asm.mov(register, place);
            expected.add("mov " + name(register) + "," + sized("QWORD", place));
            asm.movStore64(place, register);
            expected.add("mov " + sized("QWORD", place) + "," + name(register));
            asm.movStore32(place, register);
            expected.add("mov " + sized("DWORD", place) + "," + name32(register));
            asm.movsxd(register, place);
            expected.add("movsxd " + name(register) + "," + sized("DWORD", place));
            asm.lea(register, place);
            expected.add("lea " + name(register) + "," + sized("", place));
            asm.prefetch(place);
            expected.add("prefetcht0 " + sized("BYTE", place));
          }
        },
        expected);
  }

  @Test
  void jumpsReachLabelsBeforeAndAfterThem() throws IOException {
    check(
        asm -> {
          Label before = new Label();
          Label after = new Label();
          asm.bind(before);
          asm.jump(Condition.BELOW, after);
          asm.jump(Condition.ABOVE_OR_EQUAL, before);
          asm.jump(Condition.EQUAL, after);
          asm.jump(Condition.NOT_EQUAL, before);
          asm.jump(Condition.LESS, after);
          asm.jump(Condition.GREATER_OR_EQUAL, before);
          asm.jump(after);
          asm.bind(after);
          asm.ret();
        },
        List.of(
            "jb 0x29", "jae 0x0", "je 0x29", "jne 0x0", "jl 0x29", "jge 0x0", "jmp 0x29", "ret"));
  }

  private static Vec vec(int number, int bits) {
    return new Vec(number, bits);
  }

  /** Low and, where there are any, high registers. */
  private static int[][] numbers(int bits) {
    return bits == 512
        ? new int[][] {{0, 1, 2}, {7, 8, 15}, {15, 16, 31}, {31, 30, 8}, {9, 25, 17}}
        : new int[][] {{0, 1, 2}, {7, 8, 15}, {15, 9, 3}, {8, 2, 12}};
  }

  private static final List<VectorOp> THREE_OPERANDS =
      List.of(
          VADDPS,
          VMULPS,
          VSUBPS,
          VDIVPS,
          VMAXPS,
          VFMADD231PS,
          VFNMADD231PS,
          VFMADD213PS,
          VPADDD,
          VPADDW,
          VPSUBD,
          VPAND,
          VPOR,
          VPXOR,
          VPANDN,
          VPMAXSD,
          VPMADDUBSW,
          VPMADDWD,
          VPDPBUSD,
          VPUNPCKLDQ,
          VPUNPCKHDQ,
          VPUNPCKLQDQ,
          VPUNPCKHQDQ,
          VPSRAVD,
          VPACKSSDW,
          VPACKSSWB);

  /** Logical instructions are named after the size of their lanes in the longer encoding. */
  private static String mnemonic(VectorOp op, int bits) {
    String name = op.name().toLowerCase(Locale.ROOT);
    boolean logical = op == VPAND || op == VPOR || op == VPXOR || op == VPANDN;
    String prefix = op == VPDPBUSD && bits < 512 ? "{vex} " : "";
    return prefix + name + (logical && bits == 512 ? "d" : "");
  }

  @Test
  void vectorInstructionsOfThreeOperands() throws IOException {
    List<String> expected = new ArrayList<>();
    check(
        asm -> {
          for (VectorOp op : THREE_OPERANDS) {
            for (int bits : new int[] {128, 256, 512}) {
              for (int[] n : numbers(bits)) {
                Vec to = vec(n[0], bits);
                Vec left = vec(n[1], bits);
                Vec right = vec(n[2], bits);
                Mem place = Mem.at(Gp.R9, Gp.R14, 4, 0x40);
                String start = mnemonic(op, bits) + " " + name(to) + "," + name(left) + ",";
                asm.vector(op, to, left, right);
                expected.add(start + name(right));
                asm.vector(op, to, left, place);
                expected.add(start + sized(size(bits), place));
              }
            }
          }
        },
        expected);
  }

  private static String size(int bits) {
    return bits == 128 ? "XMMWORD" : bits == 256 ? "YMMWORD" : "ZMMWORD";
  }

  @Test
  void vectorInstructionsOfTwoOperands() throws IOException {
    List<String> expected = new ArrayList<>();
    check(
        asm -> {
          for (int bits : new int[] {256, 512}) {
            for (int[] n : numbers(bits)) {
              Vec v = vec(n[0], bits);
              Mem place = Mem.at(Gp.R12, 0x1000);
              asm.vector(VMOVUPS, v, place);
              expected.add("vmovups " + name(v) + "," + sized(size(bits), place));
              asm.vector(VMOVUPS_STORE, v, place);
              expected.add("vmovups " + sized(size(bits), place) + "," + name(v));
              String move = bits == 512 ? "vmovdqu32 " : "vmovdqu ";
              asm.vector(VMOVDQU, v, place);
              expected.add(move + name(v) + "," + sized(size(bits), place));
              asm.vector(VMOVDQU_STORE, v, place);
              expected.add(move + sized(size(bits), place) + "," + name(v));
              asm.vector(VCVTDQ2PS, v, vec(n[1], bits));
              expected.add("vcvtdq2ps " + name(v) + "," + name(vec(n[1], bits)));
              asm.vector(VCVTPS2DQ, v, vec(n[1], bits));
              expected.add("vcvtps2dq " + name(v) + "," + name(vec(n[1], bits)));
              asm.vector(VCVTPH2PS, v, place);
              expected.add("vcvtph2ps " + name(v) + "," + sized(size(bits / 2), place));
              asm.vector(VPMOVZXWD, v, place);
              expected.add("vpmovzxwd " + name(v) + "," + sized(size(bits / 2), place));
              asm.vector(VPMOVSXBD, v, place);
              String quarter = bits == 512 ? "XMMWORD" : "QWORD";
              expected.add("vpmovsxbd " + name(v) + "," + sized(quarter, place));
              asm.vector(VPBROADCASTD, v, place);
              expected.add("vpbroadcastd " + name(v) + "," + sized("DWORD", place));
              asm.vector(VBROADCASTSS, v, place);
              expected.add("vbroadcastss " + name(v) + "," + sized("DWORD", place));
              asm.vector(VPBROADCASTD, v, vec(n[1], 128));
              expected.add("vpbroadcastd " + name(v) + "," + name(vec(n[1], 128)));
              asm.vpsrlw(v, vec(n[1], bits), 2);
              expected.add("vpsrlw " + name(v) + "," + name(vec(n[1], bits)) + ",0x2");
              asm.vpsraw(v, vec(n[1], bits), 8);
              expected.add("vpsraw " + name(v) + "," + name(vec(n[1], bits)) + ",0x8");
              asm.vpsllw(v, vec(n[1], bits), 8);
              expected.add("vpsllw " + name(v) + "," + name(vec(n[1], bits)) + ",0x8");
              asm.vpsrad(v, vec(n[1], bits), 3);
              expected.add("vpsrad " + name(v) + "," + name(vec(n[1], bits)) + ",0x3");
              asm.vpslld(v, vec(n[1], bits), 23);
              expected.add("vpslld " + name(v) + "," + name(vec(n[1], bits)) + ",0x17");
            }
          }
        },
        expected);
  }

  @Test
  void vectorInstructionsWithAConstant() throws IOException {
    check(
        asm -> {
          asm.vector(VEXTRACTI128, vec(3, 256), vec(12, 128), 1);
          asm.vector(VEXTRACTI64X4, vec(17, 512), vec(4, 256), 1);
          asm.vector(VEXTRACTI64X4, vec(3, 512), vec(30, 256), 1);
          asm.vector(VPEXTRD, vec(9, 128), Mem.at(Gp.RBX), 3);
          asm.vector(VPERMQ_IMM, vec(1, 256), vec(10, 256), 0xD8);
          asm.vector(VPSHUFD, vec(1, 128), vec(10, 128), 0x4E);
          asm.vector(VSHUFI32X4, vec(20, 512), vec(1, 512), vec(31, 512), 0x88);
          asm.vector(VPMOVDB, vec(8, 512), Mem.at(Gp.RDX, Gp.RBX, 1, 0));
          asm.vmovd(vec(11, 128), Gp.R10);
          asm.vmovd(Gp.RAX, vec(2, 128));
        },
        List.of(
            "vextracti128 xmm12,ymm3,0x1",
            "vextracti64x4 ymm4,zmm17,0x1",
            "vextracti64x4 ymm30,zmm3,0x1",
            "vpextrd DWORD PTR [rbx],xmm9,0x3",
            "vpermq ymm1,ymm10,0xd8",
            "vpshufd xmm1,xmm10,0x4e",
            "vshufi32x4 zmm20,zmm1,zmm31,0x88",
            "vpmovdb XMMWORD PTR [rdx+rbx*1],zmm8",
            "vmovd xmm11,r10d",
            "vmovd eax,xmm2"));
  }

  @Test
  void elementsForAllLanesAndTiles() throws IOException {
    check(
        asm -> {
          asm.vector(VPAND, vec(24, 512), vec(20, 512), Mem.at(Gp.RCX, 96).toAllLanes());
          asm.vector(VPSUBD, vec(0, 512), vec(0, 512), Mem.at(Gp.R13).toAllLanes());
          asm.ldtilecfg(Mem.at(Gp.RCX));
          asm.tilezero(3);
          asm.tileloadd(6, Mem.at(Gp.R13, Gp.R15, 1, 1024));
          asm.tileloadd(4, Mem.at(Gp.R12, Gp.R14, 1, 0));
          asm.tilestored(Mem.at(Gp.RCX, Gp.R15, 1, 128), 2);
          asm.tdpbsud(1, 4, 7);
        },
        List.of(
            "vpandd zmm24,zmm20,DWORD BCST [rcx+0x60]",
            "vpsubd zmm0,zmm0,DWORD BCST [r13+0x0]",
            "ldtilecfg [rcx]",
            "tilezero tmm3",
            "tileloadd tmm6,[r13+r15*1+0x400]",
            "tileloadd tmm4,[r12+r14*1]",
            "tilestored [rcx+r15*1+0x80],tmm2",
            "tdpbsud tmm1,tmm4,tmm7"));
  }

  /** What is not an instruction is shown as "(bad)" or as bytes. */
  @ParameterizedTest
  @EnumSource
  void everyKernelIsWholeInstructions(Level level) throws IOException {
    for (Map.Entry<String, byte[]> kernel : X86Kernels.kernels(level).entrySet()) {
      List<String> instructions = disassemble(kernel.getValue());
      assertThat(instructions)
          .as("%s %s", level, kernel.getKey())
          .noneMatch(line -> line.contains("(bad)") || line.startsWith("."))
          .last()
          .isEqualTo("ret");
      if (level.bits() == 256) {
        assertThat(instructions).as(kernel.getKey()).noneMatch(line -> line.contains("zmm"));
      }
    }
  }
}
