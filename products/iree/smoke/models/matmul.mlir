// A matrix product whose sides are no multiple of any tile, so that every edge is padded.
func.func @matmul(%a: tensor<17x31xf32>, %b: tensor<31x23xf32>) -> tensor<17x23xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<17x23xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<17x23xf32>) -> tensor<17x23xf32>
  %result = linalg.matmul ins(%a, %b : tensor<17x31xf32>, tensor<31x23xf32>)
                          outs(%init : tensor<17x23xf32>) -> tensor<17x23xf32>
  return %result : tensor<17x23xf32>
}
