SELECT toString(max(at)) AS at FROM drops
