import CKernels

/// Which vector instructions the C kernels may use.
struct VectorLevel: Comparable, Sendable {
  let number: Int32

  /// None.
  static let portable = VectorLevel(number: GATEHOUSE_PORTABLE)
  /// AVX2 and FMA.
  static let avx2 = VectorLevel(number: GATEHOUSE_AVX2)
  /// AVX-512.
  static let avx512 = VectorLevel(number: GATEHOUSE_AVX512)
  /// What the processor at hand has.
  static let here = VectorLevel(number: gatehouse_vector_level())

  static func < (first: VectorLevel, second: VectorLevel) -> Bool { first.number < second.number }
}

extension [Double] {
  /// Replaces each element by its exponential.
  mutating func exponentiate(_ level: VectorLevel = .here) { unsafe apply(gatehouse_exp, level) }
  /// Replaces each element by its hyperbolic tangent.
  mutating func takeHyperbolicTangent(_ level: VectorLevel = .here) { unsafe apply(gatehouse_tanh, level) }
  /// Replaces each element x by 1 ÷ (1 + exp(−x)).
  mutating func takeLogistic(_ level: VectorLevel = .here) { unsafe apply(gatehouse_logistic, level) }
  /// Replaces what is below 0 by 0.
  mutating func rectify(_ level: VectorLevel = .here) { unsafe apply(gatehouse_relu, level) }

  private mutating func apply(
    _ function: (Int32, UnsafeMutablePointer<Double>?, Int) -> Void, _ level: VectorLevel
  ) {
    unsafe withUnsafeMutableBufferPointer { elements in
      unsafe function(level.number, elements.baseAddress, elements.count)
    }
  }

  /// The elements rounded to single precision.
  func roundedToSingles(_ level: VectorLevel = .here) -> [Double] {
    unsafe [Double](unsafeUninitializedCapacity: count) { result, initialized in
      unsafe withUnsafeBufferPointer { elements in
        unsafe gatehouse_round_to_single(
          level.number, elements.baseAddress, elements.count, result.baseAddress)
      }
      initialized = count
    }
  }

  /// The first element that is an infinity or, unless it is allowed, NaN.
  func firstNotFinite(allowingNaN: Bool, _ level: VectorLevel = .here) -> Int? {
    unsafe withUnsafeBufferPointer { elements in
      let index = unsafe gatehouse_first_not_finite(
        level.number, elements.baseAddress, elements.count, allowingNaN ? 1 : 0)
      return index < elements.count ? index : nil
    }
  }
}

extension Matrix {
  /// Replaces what is below 0 by 0.
  mutating func rectify(_ level: VectorLevel) { elements.rectify(level) }

  /// (x − offset) ÷ divisor: two roundings.
  mutating func scale(offset: [Double]?, divisor: [Double]?) {
    let (rows, columns) = (rows, columns)
    unsafe elements.withUnsafeMutableBufferPointer { elements in
      unsafe offset.withOptionalPointer { offset in
        unsafe divisor.withOptionalPointer { divisor in
          unsafe gatehouse_scale(
            VectorLevel.here.number, elements.baseAddress, rows, columns, offset, divisor)
        }
      }
    }
  }
}

extension [Double]? {
  fileprivate func withOptionalPointer(_ body: (UnsafePointer<Double>?) -> Void) {
    switch self {
    case .none: body(nil)
    case .some(let numbers): unsafe numbers.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
    }
  }
}
