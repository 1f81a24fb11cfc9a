import CZlib
import Domain

/// Packs bytes with gzip (RFC 1952) by zlib; the same bytes give the same ones, by the same zlib.
@safe final class GzipEncoder {
  /// zlib's way of asking for gzip around what is deflated: 16 more than the size of its window.
  private static let gzipWindow: CInt = 15 + 16
  private static let memory: CInt = 8

  private let stream: UnsafeMutablePointer<z_stream>
  /// What zlib writes to.
  private var piece = [UInt8](repeating: 0, count: 1 << 16)

  /// Starts with no bytes; the header says neither a time nor a name.
  ///
  /// Throws `image.memory` where zlib finds none.
  init(level: Int) throws(Problem) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let status = unsafe deflateInit2_(
      stream, CInt(level), Z_DEFLATED, Self.gzipWindow, Self.memory, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      CInt(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      throw Problem(
        .unavailable, "image.memory", "expected memory to pack a layer in, found none (zlib says \(status))")
    }
  }

  deinit {
    unsafe deflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Packs the next bytes into `output`; at the end, all that is left.
  func pack(_ bytes: ArraySlice<UInt8>, isEnd: Bool = false, into output: inout [UInt8]) {
    var rest = bytes
    repeat {
      // What zlib counts with.
      let piece = rest.prefix(1 << 30)
      rest = rest.dropFirst(piece.count)
      step(piece, isEnd && rest.isEmpty ? Z_FINISH : Z_NO_FLUSH, &output)
    } while !rest.isEmpty
  }

  private func step(_ input: ArraySlice<UInt8>, _ flush: CInt, _ output: inout [UInt8]) {
    unsafe input.withUnsafeBufferPointer { source in
      // zlib does not write through `next_in`; its type is older than `const`.
      unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
      unsafe stream.pointee.avail_in = UInt32(source.count)
      var written = 0
      repeat {
        written = unsafe piece.withUnsafeMutableBufferPointer { target in
          unsafe stream.pointee.next_out = target.baseAddress
          unsafe stream.pointee.avail_out = UInt32(target.count)
          let status = unsafe deflate(stream, flush)
          precondition(status != Z_STREAM_ERROR, "zlib's state is as zlib left it")
          return unsafe target.count - Int(stream.pointee.avail_out)
        }
        output += piece[..<written]
      } while written == piece.count
    }
  }
}
