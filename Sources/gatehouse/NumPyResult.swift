import Artifacts
import Domain
import Encoding
import ModelGraph

/// A prediction as a `.npy` file with its own datatype and shape.
enum NumPyResult {
  /// Writes the file's bytes; text becomes a fixed-width array as wide as its longest element.
  ///
  /// Several tensors, one a target, become one with an axis more in front where they are of one shape and
  /// datatype.
  static func file(of tensors: [Tensor]) throws(Problem) -> [UInt8] {
    guard let first = tensors.first, tensors.count > 1 else { return try file(of: tensors.first) }
    let bytes = tensors.map { encoded($0.elements) }
    guard tensors.allSatisfy({ $0.shape == first.shape && $0.elements.datatype == first.elements.datatype }),
      first.elements.datatype != .string,
      let file = NumPyFile.write(
        type: bytes[0].0, shape: [tensors.count] + first.shape, bytes: bytes.flatMap(\.1))
    else {
      throw Problem(
        .badInput, "predict.several-results",
        "expected results of one shape for a .npy file, found \(tensors.count) that differ",
        hint: "leave out --output to have them as JSON")
    }
    return file
  }

  private static func file(of tensor: Tensor?) throws(Problem) -> [UInt8] {
    guard let tensor else {
      throw Problem(.internal, "predict.no-result", "expected a result, found none")
    }
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
    case .int32(let elements): return (.integer(size: 4, .little), elements.flatMap(\.littleEndianBytes))
    case .float32(let elements):
      return (.float(size: 4, .little), elements.flatMap(\.bitPattern.littleEndianBytes))
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
