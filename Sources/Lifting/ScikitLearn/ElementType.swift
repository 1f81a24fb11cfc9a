import Artifacts
import ModelGraph

/// A NumPy type that a parameter `dtype` names, as far as results can have it.
struct ElementType {
  /// The type that a caller gets: the one named, or for narrow integers a wider one.
  let datatype: Datatype
  /// Whether that is the one named.
  let isExact: Bool
  /// The least and the greatest whole number of it; nil for floats.
  private let range: ClosedRange<Double>?

  /// Whether a number is one of the type's.
  func holds(_ number: Double) -> Bool {
    guard let range else { return datatype == .float64 || number.isNaN || Double(Float(number)) == number }
    return range ~= number && number.rounded() == number
  }

  /// Reads `numpy.float64`, `'int32'`, `dtype('float32')`; nil for what results cannot have.
  init?(_ view: PickleView) {
    switch view.value {
    case .global(let global):
      guard ["builtins", "__builtin__", "numpy"].contains(global.module) else { return nil }
      self.init(name: global.name)
    case .string(let name): self.init(name: name)
    case .dataType(let type):
      switch type {
      case .bool: self.init(name: "bool")
      case .float(let size, _): self.init(name: "float\(size * 8)")
      case .integer(let size, _): self.init(name: "int\(size * 8)")
      case .unsigned(let size, _): self.init(name: "uint\(size * 8)")
      default: return nil
      }
    default: return nil
    }
  }

  private init?(name: String) {
    switch name {
    case "float64", "double", "float", "float_": self.init(.float64, nil)
    case "float32", "single": self.init(.float32, nil)
    case "int64", "int", "int_": self.init(.int64, -0x1p63...0x1p63.nextDown)
    case "int32": self.init(.int32, -0x1p31...(0x1p31 - 1))
    case "int16": self.init(.int64, -32768...32767, isExact: false)
    case "int8": self.init(.int64, -128...127, isExact: false)
    case "uint16": self.init(.int64, 0...65535, isExact: false)
    case "uint8": self.init(.int64, 0...255, isExact: false)
    case "bool", "bool_": self.init(.bool, 0...1)
    default: return nil
    }
  }

  private init(_ datatype: Datatype, _ range: ClosedRange<Double>?, isExact: Bool = true) {
    self.datatype = datatype
    self.isExact = isExact
    self.range = range
  }
}

extension Datatype {
  /// The datatype of columns of both side by side, as NumPy promotes.
  func promoted(with other: Datatype) -> Datatype {
    if self == other { return self }
    let both: Set<Datatype> = [self, other]
    if both.contains(.string) { return .string }
    if both.contains(.float64) || (both.contains(.float32) && !both.contains(.bool)) { return .float64 }
    if both.contains(.float32) { return .float32 }
    return both.contains(.int64) ? .int64 : .int32
  }
}
