import Artifacts
import Domain
import Encoding
import ModelGraph

/// A prediction as a `.npy` file with its own datatype and shape.
enum NumPyResult {
  /// Writes the file's bytes; text becomes a fixed-width array as wide as its longest element.
  static func file(of tensor: Tensor) throws(Problem) -> [UInt8] {
    let (type, bytes) = encoded(tensor.elements)
    guard let file = NumPyFile.write(type: type, shape: tensor.shape, bytes: bytes) else {
      throw Problem(
        .internal, "predict.no-file", "expected a result that a .npy file can hold, found another")
    }
    return file
  }

  private static func encoded(_ elements: Tensor.Elements) -> (NumPyType, [UInt8]) {
    switch elements {
    case .bool(let elements): return (.bool, elements.map { $0 ? 1 : 0 })
    case .int64(let elements): return (.integer(size: 8, .little), elements.flatMap(\.littleEndianBytes))
    case .float64(let elements):
      return (.float(size: 8, .little), elements.flatMap(\.bitPattern.littleEndianBytes))
    case .string(let elements):
      let scalars = elements.map { Array($0.unicodeScalars) }
      let width = max(1, scalars.map(\.count).max() ?? 1)
      let bytes = scalars.flatMap { text in
        (text.map(\.value) + Array(repeating: 0, count: width - text.count)).flatMap(\.littleEndianBytes)
      }
      return (.unicode(length: width, .little), bytes)
    }
  }
}
